import { type Column, columnLength, type ExactColumn, type NumColumn, type Valid } from './column.ts';
import { isPlain, rescale, toDouble, toUnits } from './exact.ts';

/** A column of numbers, whichever way it is stored. */
export function isNumbers(column: Column): column is NumColumn | ExactColumn {
  return column.kind === 'num' || column.kind === 'exact';
}

/** The numbers as the nearest doubles: for what is DOUBLE anyway, and for what asks only which is not smaller. */
export function doublesOf(column: Column): Float64Array {
  if (column.kind === 'num') return column.values;
  if (column.kind !== 'exact') throw new Error('broken invariant: a numeric argument is a column of numbers');
  const values = new Float64Array(column.units.length);
  for (let i = 0; i < values.length; i++) values[i] = toDouble(column.units[i], column.scale);
  return values;
}

/** The numbers of rows [from, to) as units. `scale`: that of the type. What rows that are NULL or failed hold counts as 0. */
export function unitsOf(
  column: NumColumn | ExactColumn,
  scale: number,
  from = 0,
  to = columnLength(column),
): BigInt64Array {
  if (column.kind === 'exact') {
    const { scale: own } = column;
    const units = column.units.subarray(from, to);
    return own === scale ? units : units.map((unit) => rescale(unit, own, scale));
  }
  const { values, valid } = column;
  const units = new BigInt64Array(to - from);
  for (let i = from; i < to; i++) if (!valid || valid[i] === 1) units[i - from] = toUnits(values[i], scale);
  return units;
}

/** A column of these units: of doubles, if they hold every row. */
export function numbersOf(units: BigInt64Array, scale: number, valid: Valid): NumColumn | ExactColumn {
  for (let i = 0; i < units.length; i++) {
    if ((!valid || valid[i] === 1) && !isPlain(units[i], scale)) return { kind: 'exact', units, scale, valid };
  }
  const values = new Float64Array(units.length);
  const divisor = 10 ** scale;
  for (let i = 0; i < values.length; i++) if (!valid || valid[i] === 1) values[i] = Number(units[i]) / divisor;
  return { kind: 'num', values, valid };
}
