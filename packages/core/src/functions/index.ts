import type { ScalarFunction } from '../expr.ts';
import { arithmeticFunctions } from './arithmetic.ts';
import { comparisonFunctions } from './comparison.ts';
import { currentTimeFunctions } from './current-time.ts';
import { datetimeFunctions } from './datetime.ts';
import { datetimeTextFunctions } from './datetime-text.ts';
import { intervalFunctions } from './intervals.ts';
import { logicFunctions } from './logic.ts';
import { numericFunctions } from './numeric.ts';
import { textFunctions } from './text.ts';
import { textPositionFunctions } from './text-positions.ts';

/** Every scalar function and operator, by family. Forms with a syntax of their own have a canonical name: FLOOR(t TO
 *  MINUTE) is FLOOR_TO(t, 'MINUTE'). */
export const scalarFunctions: readonly ScalarFunction[] = [
  ...arithmeticFunctions,
  ...comparisonFunctions,
  ...logicFunctions,
  ...numericFunctions,
  ...textFunctions,
  ...textPositionFunctions,
  ...datetimeFunctions,
  ...datetimeTextFunctions,
  ...intervalFunctions,
  ...currentTimeFunctions(null),
];

const byName = new Map(scalarFunctions.map((fn) => [fn.name, fn]));

export function scalarFunction(name: string): ScalarFunction | undefined {
  return byName.get(name);
}
