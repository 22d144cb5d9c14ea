import { countDistinctItemsTumbling } from './count-distinct-items-tumbling.ts';
import { groupRank } from './group-rank.ts';
import { hotspots } from './hotspots.ts';
import { randomCutForest } from './random-cut-forest.ts';
import { randomCutForestWithExplanation } from './random-cut-forest-with-explanation.ts';
import type { TableFunction } from './table-function.ts';
import { topKItemsTumbling } from './top-k-items-tumbling.ts';

/** Every table function. */
export const tableFunctions: readonly TableFunction[] = [
  randomCutForest,
  randomCutForestWithExplanation,
  hotspots,
  topKItemsTumbling,
  countDistinctItemsTumbling,
  groupRank,
];

export function tableFunction(name: string): TableFunction | undefined {
  return tableFunctions.find((fn) => fn.name === name);
}
