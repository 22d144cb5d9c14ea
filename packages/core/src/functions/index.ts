import type { ScalarFunction } from '../expr.ts';
import { arithmeticFunctions } from './arithmetic.ts';
import { comparisonFunctions } from './comparison.ts';
import { datetimeFunctions } from './datetime.ts';
import { logicFunctions } from './logic.ts';
import { numericFunctions } from './numeric.ts';
import { textFunctions } from './text.ts';

/** Every scalar function and operator, by family. Forms with a syntax of their own have a canonical name: FLOOR(t TO
 *  MINUTE) is FLOOR_TO(t, 'MINUTE'). */
export const scalarFunctions: readonly ScalarFunction[] = [
  ...arithmeticFunctions,
  ...comparisonFunctions,
  ...logicFunctions,
  ...numericFunctions,
  ...textFunctions,
  ...datetimeFunctions,
];

const byName = new Map(scalarFunctions.map((fn) => [fn.name, fn]));

export function scalarFunction(name: string): ScalarFunction | undefined {
  return byName.get(name);
}
