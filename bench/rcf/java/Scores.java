import com.amazon.randomcutforest.RandomCutForest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The library's scores of a series, each taken before its row is added; library defaults but for the arguments.
 * java Scores DATA OUT COLUMNS SHINGLE TREES SEED      both files are little-endian doubles
 */
public final class Scores {
    public static void main(String[] args) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(Path.of(args[0]))).order(ByteOrder.LITTLE_ENDIAN);
        int columns = Integer.parseInt(args[2]);
        int shingle = Integer.parseInt(args[3]);
        RandomCutForest forest = RandomCutForest.builder()
                .dimensions(columns * shingle)
                .shingleSize(shingle)
                .internalShinglingEnabled(true)
                .numberOfTrees(Integer.parseInt(args[4]))
                .sampleSize(256)
                .randomSeed(Long.parseLong(args[5]))
                .parallelExecutionEnabled(false)
                .build();
        ByteBuffer out = ByteBuffer.allocate(in.capacity() / columns).order(ByteOrder.LITTLE_ENDIAN);
        double[] row = new double[columns];
        while (in.hasRemaining()) {
            for (int i = 0; i < columns; i++) row[i] = in.getDouble();
            out.putDouble(forest.getAnomalyScore(row));
            forest.update(row);
        }
        Files.write(Path.of(args[1]), out.array());
    }
}
