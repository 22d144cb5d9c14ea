import type { JsonRow, JsonValue, Property, RowSelector } from './case.ts';

/** What a property can look at. */
export interface PropertyContext {
  /** Rows of the stream, in insertion order. */
  readonly rows: readonly JsonRow[];
  readonly columns: readonly string[];
  /** Numbers of input rows in each second of input ROWTIME, in order. */
  readonly rowsPerSecond: readonly number[];
}

/** Why a property does not hold; null if it does. */
export function checkProperty(property: Property, context: PropertyContext): string | null {
  const check = checks[property.check];
  return check ? check(property, context) : `the check ${property.check} is not known to this runner`;
}

type Check = (property: Property, context: PropertyContext) => string | null;

const checks: Readonly<Record<string, Check>> = {
  row_count({ count, min = count ?? 0, max = count ?? Number.POSITIVE_INFINITY }, { rows }) {
    return rows.length >= min && rows.length <= max ? null : `${rows.length} rows`;
  },
  columns({ columns = [] }, context) {
    return JSON.stringify(columns) === JSON.stringify(context.columns) ? null : `columns ${context.columns.join(', ')}`;
  },
  range({ column = '', min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }, { rows }) {
    return firstFailing(rows, (row) => typeof row[column] === 'number' && row[column] >= min && row[column] <= max);
  },
  prefix_equals({ column = '', count = 0, value }, { rows }) {
    if (rows.length < count) return `only ${rows.length} rows`;
    return firstFailing(rows.slice(0, count), (row) => row[column] === value);
  },
  all_greater({ column = '', than = 0, skip = 0 }, { rows }) {
    return firstFailing(rows.slice(skip), (row) => Number(row[column]) > than);
  },
  rank({ score = '', outlier, k = 1, skip = 0 }, { rows }) {
    if (!outlier) return 'the check has no outlier';
    const after = rows.slice(skip);
    const [high, low] = [after.filter((row) => selects(outlier, row)), after.filter((row) => !selects(outlier, row))];
    if (high.length === 0 || low.length === 0) return 'no outliers, or nothing else';
    const ratio = mean(high, score) / mean(low, score);
    return ratio >= k ? null : `ratio ${ratio.toFixed(3)}, not ${k}`;
  },
  group_sorted({ by = '', direction = 'asc' }, { rows, rowsPerSecond }) {
    const sign = direction === 'desc' ? -1 : 1;
    let from = 0;
    for (const size of rowsPerSecond) {
      const group = rows.slice(from, from + size);
      const at = group.findIndex((row, i) => i > 0 && sign * compare(row[by] ?? null, group[i - 1]?.[by] ?? null) < 0);
      if (at >= 0) return `row ${from + at + 1} is out of order`;
      from += size;
    }
    return null;
  },
};

function firstFailing(rows: readonly JsonRow[], holds: (row: JsonRow) => boolean): string | null {
  const at = rows.findIndex((row) => !holds(row));
  return at < 0 ? null : `row ${at + 1} is ${JSON.stringify(rows[at])}`;
}

function selects({ column, equals, not_equals }: RowSelector, row: JsonRow): boolean {
  return equals === undefined ? row[column] !== not_equals : row[column] === equals;
}

function mean(rows: readonly JsonRow[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0) / rows.length;
}

function compare(a: JsonValue, b: JsonValue): number {
  if (a === null || b === null) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}
