import { expAvg } from './exp-avg.ts';
import { slidingMax, slidingMin } from './extremes.ts';
import { slidingVariances } from './moments.ts';
import { firstValue, lag, lastValue, nthValue } from './positions.ts';
import type { AnalyticFunction } from './sliding-call.ts';
import { slidingAvg, slidingCount, slidingSum } from './sums.ts';
import { any, every } from './truth.ts';

/** Every function that can stand before OVER. */
export const analyticFunctions: readonly AnalyticFunction[] = [
  slidingCount,
  slidingSum,
  slidingAvg,
  slidingMin,
  slidingMax,
  ...slidingVariances,
  firstValue,
  lastValue,
  nthValue,
  lag,
  expAvg,
  any,
  every,
];

const byName = new Map(analyticFunctions.map((fn) => [fn.name, fn]));

export function analyticFunction(name: string): AnalyticFunction | undefined {
  return byName.get(name);
}
