import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The peer: AWS's Java library, one thread. What variant.mjs does for our engines, this does for it.
 * java Bench DATA WAY COLUMNS SHINGLE TREES DECAY OUTPUT_AFTER SEED WARM_UP SEGMENTS SEGMENT
 */
public final class Bench {
    private final RandomCutForest forest;
    private final float[][] points;
    private final boolean attribution;
    private double sum;

    private Bench(RandomCutForest forest, float[][] points, boolean attribution) {
        this.forest = forest;
        this.points = points;
        this.attribution = attribution;
    }

    public static void main(String[] args) throws IOException {
        int columns = Integer.parseInt(args[2]);
        int shingle = Integer.parseInt(args[3]);
        int warmUp = Integer.parseInt(args[8]);
        int segments = Integer.parseInt(args[9]);
        int segment = Integer.parseInt(args[10]);
        float[][] points = read(Path.of(args[0]), columns, warmUp + segments * segment);

        long start = System.nanoTime();
        RandomCutForest forest = RandomCutForest.builder()
                .dimensions(columns * shingle)
                .shingleSize(shingle)
                .internalShinglingEnabled(shingle > 1)
                .numberOfTrees(Integer.parseInt(args[4]))
                .sampleSize(256)
                .timeDecay(Double.parseDouble(args[5]))
                .outputAfter(Integer.parseInt(args[6]))
                .initialAcceptFraction(1.0)
                .randomSeed(Long.parseLong(args[7]))
                .parallelExecutionEnabled(false)
                .build();
        Bench bench = new Bench(forest, points, args[1].equals("attribution"));
        bench.run(0, warmUp);
        double coldMillis = (System.nanoTime() - start) / 1e6;

        double[] micros = new double[segments];
        for (int i = 0; i < segments; i++) {
            int from = warmUp + i * segment;
            start = System.nanoTime();
            bench.run(from, from + segment);
            micros[i] = (System.nanoTime() - start) / 1e3 / segment;
        }
        System.out.println("{\"coldMillis\":" + coldMillis + ",\"micros\":" + Arrays.toString(micros)
                + ",\"sum\":" + bench.sum + "}");
    }

    private void run(int from, int to) {
        for (int row = from; row < to; row++) {
            float[] point = points[row];
            if (attribution) {
                DiVector vector = forest.getAnomalyAttribution(point);
                sum += vector.getHighLowSum();
            } else {
                sum += forest.getAnomalyScore(point);
            }
            forest.update(point);
        }
    }

    /** Little-endian doubles, row after row. */
    private static float[][] read(Path path, int columns, int rows) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        float[][] points = new float[rows][columns];
        for (float[] point : points) {
            for (int i = 0; i < columns; i++) point[i] = (float) bytes.getDouble();
        }
        return points;
    }
}
