import { randomCutForest } from './random-cut-forest.ts';
import type { TableFunction } from './table-function.ts';

/** Every table function. */
export const tableFunctions: readonly TableFunction[] = [randomCutForest];

export function tableFunction(name: string): TableFunction | undefined {
  return tableFunctions.find((fn) => fn.name === name);
}
