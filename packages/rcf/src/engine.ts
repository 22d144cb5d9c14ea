import type { Attribution } from './attribution.ts';
import type { ForestMemory } from './memory.ts';

/** What works on a forest's memory. All engines make the same bits. */
export interface Engine {
  readonly name: 'wasm' | 'typescript';
  readonly memory: ForestMemory;
  /** The sum of the trees' scores of the block's first row. */
  score(): number;
  /** Writes the sums of the trees' attributions of the block's first row. */
  attribute(out: Attribution): void;
  /**
   * Offers the rows of the block to all samples; the first has the given sequence number. Rows from `firstScored` on are
   * scored before they are offered: `sums` gets the sum of the trees' scores.
   */
  push(rows: number, firstScored: number, sequence: number): void;
}
