import {
  currentTimeFunctions,
  type FunctionLookup,
  type Millis,
  type ScalarFunction,
  scalarFunction,
  scalarFunctions,
} from '@rowtime/core';
import { recordFieldFunction } from './log-parse/index.ts';
import { matchFunctions } from './patterns.ts';
import { regexFunctions } from './regex.ts';

/** Functions that need a library which core does not have: patterns and regular expressions, in linear time by re2js. */
const patternFunctions: readonly ScalarFunction[] = [...matchFunctions, ...regexFunctions, recordFieldFunction];

/** Every scalar function of the dialect. */
export const functions: readonly ScalarFunction[] = [...scalarFunctions, ...patternFunctions];

const byName = new Map(patternFunctions.map((fn) => [fn.name, fn]));

export function functionNamed(name: string): ScalarFunction | undefined {
  return byName.get(name) ?? scalarFunction(name);
}

/** The functions of a query that started at this time. null: CURRENT_TIMESTAMP and its like are the ROWTIME of their row; see
 *  `currentTimeFunctions`. */
export function functionsAt(start: (() => Millis) | null): FunctionLookup {
  const timed = new Map(currentTimeFunctions(start).map((fn) => [fn.name, fn]));
  return (name) => timed.get(name) ?? functionNamed(name);
}
