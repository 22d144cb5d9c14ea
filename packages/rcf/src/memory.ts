import type { Arrays } from './arrays.ts';
import type { ForestParameters } from './parameters.ts';
import { JavaRandom, seedHalves } from './random.ts';
import { Rows } from './rows.ts';
import { Samplers } from './samplers.ts';
import { ScoreTables } from './score.ts';
import { Trees } from './trees.ts';

/** All that a forest remembers, and the block of rows it works on, in typed arrays that every engine can work with. */
export class ForestMemory {
  readonly trees: Trees;
  readonly samplers: Samplers;
  readonly tables: ScoreTables;
  readonly rows: Rows;
  /** Per row of the block the sum of the trees' scores. */
  readonly sums: Float64Array;

  constructor(parameters: ForestParameters, arrays: Arrays) {
    const { inputDimensions, shingleSize, numberOfTrees, sampleSize, internalShingling } = parameters;
    const dimensions = inputDimensions * shingleSize;
    this.trees = new Trees(arrays, numberOfTrees, sampleSize, dimensions);
    this.samplers = new Samplers(arrays, parameters);
    this.tables = new ScoreTables(arrays, sampleSize);
    this.rows = new Rows(arrays, dimensions, internalShingling ? inputDimensions : dimensions);
    this.sums = arrays.float64(this.rows.capacity);
  }

  /** Makes an empty forest, with the only draws that trees share: per tree one long for the tree, one for its sample. */
  start(seed: bigint): void {
    const random = new JavaRandom();
    const [low, high] = seedHalves(seed) as unknown as [number, number];
    random.start(high, low);
    this.trees.clear();
    this.tables.fill();
    for (let tree = 0; tree < this.trees.numberOfTrees; tree++) {
      random.nextSeed(this.trees.seeds, tree);
      random.nextSeed(this.samplers.seeds, tree);
    }
  }
}
