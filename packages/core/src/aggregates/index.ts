import type { AggregateFunction } from '../aggregate.ts';
import { count } from './count.ts';
import { firstValueOfGroup, lastValueOfGroup } from './first-last.ts';
import { max, min } from './min-max.ts';
import { avg, sum } from './sum.ts';
import { anyOfGroup, everyOfGroup } from './truth.ts';
import { stddevPop, stddevSamp, varPop, varSamp } from './variance.ts';

/** Every aggregate. STDDEV is STDDEV_SAMP (AWS SQL reference, "STDDEV_SAMP"). */
export const aggregateFunctions: readonly AggregateFunction[] = [
  count,
  sum,
  avg,
  min,
  max,
  stddevPop,
  stddevSamp,
  { ...stddevSamp, name: 'STDDEV' },
  varPop,
  varSamp,
  firstValueOfGroup,
  lastValueOfGroup,
  anyOfGroup,
  everyOfGroup,
];

const byName = new Map(aggregateFunctions.map((fn) => [fn.name, fn]));

export function aggregateFunction(name: string): AggregateFunction | undefined {
  return byName.get(name);
}
