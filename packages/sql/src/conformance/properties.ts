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
  explanation_shape({ column = '', skip = 0, keys = [], fields = [], direction_values: directions = [] }, { rows }) {
    return firstFailing(rows.slice(skip), (row) => {
      const explanation = parsed(row[column]);
      return (
        hasExactly(explanation, keys) &&
        keys.every((key) => {
          const values = explanation[key];
          return hasExactly(values, fields) && fields.every((field) => isFieldValue(field, values[field], directions));
        })
      );
    });
  },
  attribution_sum({ column = '', score = '', keys = [], tolerance = 0, skip = 0 }, { rows }) {
    return firstFailing(rows.slice(skip), (row) => {
      const sum = keys.reduce((total, key) => total + Number(fieldOf(row[column], key, 'ATTRIBUTION_SCORE')), 0);
      return Math.abs(sum - Number(row[score])) <= tolerance;
    });
  },
  attribution_greater({ column = '', greater = '', less = '', ...property }, { rows }) {
    const attribution = (row: JsonRow, key: string): number => Number(fieldOf(row[column], key, 'ATTRIBUTION_SCORE'));
    return shareOf(rows, property, (row) => attribution(row, greater) > attribution(row, less));
  },
  explanation_direction({ column = '', key = '', direction, ...property }, { rows }) {
    return shareOf(rows, property, (row) => fieldOf(row[column], key, 'DIRECTION') === direction);
  },
  hotspots_json({ column = '', dims = 0 }, { rows }) {
    return firstFailing(rows, (row) => {
      if (row[column] === null) return true;
      return hotspotsOf(row[column])?.every((hotspot) => isHotspot(hotspot, dims)) ?? false;
    });
  },
  hotspot_found({ column = '', box = { min: [], max: [] }, margin = 0, ...property }, { rows }) {
    return shareOf(rows, property, (row) => {
      return hotspotsOf(row[column])?.some((hotspot) => isInside(hotspot, box, margin)) ?? false;
    });
  },
  hotspots_mostly_empty({ column = '', ...property }, { rows }) {
    return shareOf(rows, property, (row) => row[column] === null || hotspotsOf(row[column])?.length === 0);
  },
};

/** Why too few of the selected rows hold; no row at all is too few. */
function shareOf(
  rows: readonly JsonRow[],
  { where, skip = 0, min_share: share = 1 }: Pick<Property, 'where' | 'skip' | 'min_share'>,
  holds: (row: JsonRow) => boolean,
): string | null {
  const selected = rows.slice(skip).filter((row) => !where || selects(where, row));
  if (selected.length === 0) return 'no row is selected';
  const found = selected.filter(holds).length;
  if (found >= share * selected.length) return null;
  const first = selected.find((row) => !holds(row));
  return `${found} of ${selected.length} rows, not ${share} of them; one is ${JSON.stringify(first)}`;
}

type JsonObject = Readonly<Record<string, unknown>>;

function parsed(text: JsonValue | undefined): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasExactly(value: unknown, keys: readonly string[]): value is JsonObject {
  return isObject(value) && Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

function isFieldValue(field: string, value: unknown, directions: readonly string[]): boolean {
  if (typeof value !== 'string') return false;
  return field === 'DIRECTION' ? directions.includes(value) : value.trim() !== '' && Number(value) >= 0;
}

/** NaN if there is none: it is neither equal to, nor greater or less than anything. */
function fieldOf(text: JsonValue | undefined, key: string, field: string): unknown {
  const explanation = parsed(text);
  const values = isObject(explanation) ? explanation[key] : null;
  return isObject(values) && Object.hasOwn(values, field) ? values[field] : Number.NaN;
}

function hotspotsOf(text: JsonValue | undefined): readonly unknown[] | null {
  const result = parsed(text);
  const list = isObject(result) ? result['hotspots'] : null;
  return Array.isArray(list) ? list : null;
}

function isHotspot(value: unknown, dims: number): boolean {
  if (!isObject(value)) return false;
  const { density, minValues: min, maxValues: max } = value;
  if (!(typeof density === 'number' && density > 0 && isNumbers(min, dims) && isNumbers(max, dims))) return false;
  return min.every((low, d) => low <= (max[d] ?? Number.NaN));
}

function isNumbers(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every((item) => typeof item === 'number');
}

function isInside(value: unknown, box: NonNullable<Property['box']>, margin: number): boolean {
  if (!isHotspot(value, box.min.length)) return false;
  const { minValues, maxValues } = value as { minValues: number[]; maxValues: number[] };
  return (
    box.min.every((low, d) => (minValues[d] ?? Number.NaN) >= low - margin) &&
    box.max.every((high, d) => (maxValues[d] ?? Number.NaN) <= high + margin)
  );
}

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
