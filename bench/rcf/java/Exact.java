import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The library's score of each point, taken before the point is added, and of every `step`-th the attribution: all high,
 * then all low. Points and answers are little-endian doubles.
 * java Exact DATA OUT STEP COLUMNS SHINGLE INTERNAL TREES SAMPLES DECAY OUTPUT_AFTER ACCEPT_FRACTION SEED
 */
public final class Exact {
    public static void main(String[] args) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(Path.of(args[0]))).order(ByteOrder.LITTLE_ENDIAN);
        int step = Integer.parseInt(args[2]);
        int columns = Integer.parseInt(args[3]);
        int shingle = Integer.parseInt(args[4]);
        boolean internal = Boolean.parseBoolean(args[5]);
        RandomCutForest forest = RandomCutForest.builder()
                .dimensions(columns * shingle)
                .shingleSize(shingle)
                .internalShinglingEnabled(internal)
                .numberOfTrees(Integer.parseInt(args[6]))
                .sampleSize(Integer.parseInt(args[7]))
                .timeDecay(Double.parseDouble(args[8]))
                .outputAfter(Integer.parseInt(args[9]))
                .initialAcceptFraction(Double.parseDouble(args[10]))
                .randomSeed(Long.parseLong(args[11]))
                .parallelExecutionEnabled(false)
                .build();
        double[] point = new double[internal ? columns : columns * shingle];
        int rows = in.remaining() / 8 / point.length;
        int attributed = (rows + step - 1) / step;
        ByteBuffer out = ByteBuffer.allocate(8 * (rows + attributed * 2 * columns * shingle)).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < point.length; i++) point[i] = in.getDouble();
            out.putDouble(forest.getAnomalyScore(point));
            if (row % step == 0) {
                DiVector vector = forest.getAnomalyAttribution(point);
                for (double value : vector.high) out.putDouble(value);
                for (double value : vector.low) out.putDouble(value);
            }
            forest.update(point);
        }
        Files.write(Path.of(args[1]), out.array());
    }
}
