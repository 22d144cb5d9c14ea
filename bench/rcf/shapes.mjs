import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const kinesis = { timeDecay: 1e-5, outputAfter: 256 };

/** What is measured: forests of 256 samples, and the data they see. `dimensions` is what a point has inside the forest. */
export const shapes = {
  kinesis: shape('1 dimension, Kinesis defaults', 1, 'clusters', { inputDimensions: 1, ...kinesis }),
  captains: shape('1 dimension, captains, Kinesis defaults', 1, 'captains', { inputDimensions: 1, ...kinesis }),
  one: shape('1 dimension', 1, 'clusters', { inputDimensions: 1 }),
  two: shape('2 dimensions', 2, 'clusters', { inputDimensions: 2 }),
  eight: shape('8 dimensions (1 column, shingle 8)', 8, 'wave', {
    inputDimensions: 1,
    shingleSize: 8,
    internalShingling: true,
  }),
  many: shape('32 dimensions, 50 trees', 32, 'clusters', { inputDimensions: 32, numberOfTrees: 50 }),
};

/** The data of a shape as a file of little-endian doubles, row after row; made once. */
export function dataFile(cache, name, rows) {
  const { data, options } = shapes[name];
  const file = join(cache, `rcf-${name}-${rows}.bin`);
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, kinds[data](rows, options.inputDimensions));
  }
  return file;
}

function shape(title, dimensions, data, options) {
  return {
    title,
    dimensions,
    data,
    options: { shingleSize: 1, numberOfTrees: 100, timeDecay: 1 / 2560, outputAfter: 64, randomSeed: 7, ...options },
  };
}

const kinds = {
  /** Two clusters, five deviations apart. */
  clusters(rows, columns) {
    const random = new Random();
    const values = new Float64Array(rows * columns);
    let centre = 0;
    for (let i = 0; i < values.length; i++) {
      if (i % columns === 0) centre = random.uniform() < 0.5 ? 0 : 5;
      values[i] = centre + random.gaussian();
    }
    return values;
  },
  /** Ratings of the captains program: 96 % are 1 to 1000, the others 7000 to 9000. */
  captains(rows) {
    const random = new Random();
    const between = (from, to) => from + Math.floor((to - from + 1) * random.uniform());
    return Float64Array.from({ length: rows }, () =>
      random.uniform() < 0.04 ? between(7000, 9000) : between(1, 1000),
    );
  },
  /** A sine with a tenth of its height as noise. */
  wave(rows) {
    const random = new Random();
    return Float64Array.from({ length: rows }, (_, row) => 50 * Math.sin(row / 15) + 5 * random.gaussian());
  },
};

/** Seeded (xorshift32, Box and Muller). */
class Random {
  #state = 12345;

  uniform() {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  gaussian() {
    return Math.sqrt(-2 * Math.log(this.uniform() + 1e-12)) * Math.cos(2 * Math.PI * this.uniform());
  }
}
