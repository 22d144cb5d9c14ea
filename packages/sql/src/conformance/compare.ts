import type { ExpectedRows, JsonRow, JsonValue } from './case.ts';

/** How the rows of a stream differ from those expected; null if they do not. */
export function compareRows(expected: ExpectedRows, actual: readonly JsonRow[]): string | null {
  const { rows, ordered, tolerance = 0, optional_rows: optional = [] } = expected;
  const kept = actual.filter((row) => !optional.some((other) => sameRow(other, row, tolerance)));
  const left = [...kept];
  for (const [i, row] of rows.entries()) {
    if (ordered) {
      const found = kept[i];
      if (!found || !sameRow(row, found, tolerance)) return difference(`row ${i + 1}`, row, found);
    } else {
      const at = left.findIndex((found) => sameRow(row, found, tolerance));
      if (at < 0) return difference('a row', row, left[0]);
      left.splice(at, 1);
    }
  }
  if (kept.length === rows.length) return null;
  return `${kept.length} rows, expected ${rows.length}; one too many is ${JSON.stringify(ordered ? kept[rows.length] : left[0])}`;
}

function difference(what: string, expected: JsonRow, actual: JsonRow | undefined): string {
  return `${what} should be ${JSON.stringify(expected)}, found ${actual ? JSON.stringify(actual) : 'none'}`;
}

// ROWTIME counts only where the expected row has it.
function sameRow(expected: JsonRow, actual: JsonRow, tolerance: number): boolean {
  const columns = new Set([...Object.keys(expected), ...Object.keys(actual).filter((column) => column !== 'ROWTIME')]);
  return [...columns].every((column) => sameValue(expected[column], actual[column], tolerance));
}

function sameValue(a: JsonValue | undefined, b: JsonValue | undefined, tolerance: number): boolean {
  if (isLong(a) && isLong(b) && digits(a) === digits(b)) return true;
  const isExact = isLong(a) && isLong(b) && tolerance === 0;
  if (isNumber(a) && isNumber(b) && !isExact) return Math.abs(Number(a) - Number(b)) <= tolerance;
  return a === b;
}

function isNumber(value: JsonValue | undefined): boolean {
  return typeof value === 'number' || isLong(value);
}

/** A number that no double holds, as text: see parseCase. */
function isLong(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.length > 15 && /^-?\d+(\.\d+)?$/.test(value);
}

function digits(value: string): string {
  return value.includes('.') ? value.replace(/\.?0+$/, '') : value;
}
