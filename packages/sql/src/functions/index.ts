import { type ScalarFunction, scalarFunction, scalarFunctions } from '@rowtime/core';

/** Functions that need a library which core does not have: patterns and regular expressions, in linear time by re2js. */
export const patternFunctions: readonly ScalarFunction[] = [];

/** Every scalar function of the dialect. */
export const functions: readonly ScalarFunction[] = [...scalarFunctions, ...patternFunctions];

const byName = new Map(patternFunctions.map((fn) => [fn.name, fn]));

export function functionNamed(name: string): ScalarFunction | undefined {
  return byName.get(name) ?? scalarFunction(name);
}
