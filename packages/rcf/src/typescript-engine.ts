import { separateArrays } from './arrays.ts';
import { type Attribution, Attributor } from './attribution.ts';
import type { Engine } from './engine.ts';
import { insert } from './insert.ts';
import { ForestMemory } from './memory.ts';
import type { ForestParameters } from './parameters.ts';
import { remove } from './remove.ts';
import { addScores } from './score.ts';
import { none } from './trees.ts';

/** The engine that runs everywhere, and the oracle for the others. */
export class TypeScriptEngine implements Engine {
  readonly name = 'typescript';
  readonly memory: ForestMemory;
  readonly #attributor: Attributor;

  constructor(parameters: ForestParameters) {
    this.memory = new ForestMemory(parameters, separateArrays);
    this.#attributor = new Attributor(this.memory.trees, this.memory.tables);
  }

  score(): number {
    const { trees, tables, rows, sums } = this.memory;
    sums[0] = 0;
    addScores(trees, tables, rows.values, rows.stride, 0, trees.numberOfTrees, 1, 0, sums);
    return sums[0]!;
  }

  attribute(out: Attribution): void {
    this.#attributor.attribute(this.memory.rows.values, 0, out);
  }

  /**
   * One tree after the other: a tree stays in the cache for all rows, and trees know nothing of each other. Between two
   * accepted rows a tree does not change, so they are scored in one go.
   */
  push(count: number, firstScored: number, sequence: number): void {
    const { trees, samplers, tables, rows, sums } = this.memory;
    const { values, stride } = rows;
    const end = trees.numberOfTrees * count;
    sums.fill(0, firstScored, count);
    for (let from = 0; from < end; ) {
      const accepted = samplers.nextAccepted(from, end, count, sequence);
      const to = accepted < end ? accepted + 1 : end;
      let near = none;
      if (firstScored < count) near = addScores(trees, tables, values, stride, from, to, count, firstScored, sums);
      if (accepted < end) {
        const tree = Math.trunc(accepted / count);
        const row = accepted - tree * count;
        if (row < firstScored) near = none;
        if (samplers.evicts) {
          // Where one leaf goes, the point comes to the leaf it came to before, unless that was the one.
          const evicted = samplers.evict(tree);
          if (remove(trees, tree, evicted) && evicted === near) near = none;
        }
        samplers.add(tree, insert(trees, tree, values, row * stride, near));
      }
      from = to;
    }
  }
}
