import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction, aggregateFunctions } from '../src/aggregates/index.ts';
import { type Column, ColumnBuilder, sliceColumn, type Value, valueAt } from '../src/column.ts';
import { columnKind, printType, type SqlType } from '../src/schema.ts';
import {
  bigint,
  boolean,
  date,
  dayTime,
  decimal,
  double,
  integer,
  real,
  smallint,
  timestamp,
  varchar,
} from './expressions.ts';

const failing = Symbol('a failed group');

interface Grouped {
  readonly group: number;
  readonly value: Value;
}

/** One value per group, rows given in the parts that `cuts` make. */
function aggregate(
  name: string,
  type: SqlType | null,
  rows: readonly Grouped[],
  cuts: readonly number[] = [],
): unknown[] {
  const bound = aggregateFunction(name)!.bind(type ? [type] : [])!;
  let state = bound.create();
  const bounds = [...cuts.map((cut) => cut % (rows.length + 1)).sort((a, b) => a - b), rows.length];
  let from = 0;
  let groups = 0;
  for (const to of bounds) {
    const part = rows.slice(from, to);
    from = to;
    if (part.length === 0) continue;
    const builder = new ColumnBuilder(type ? columnKind(type) : 'num');
    for (const { value } of part) builder.push(value);
    groups = Math.max(groups, ...part.map(({ group }) => group + 1));
    state.update(
      Int32Array.from(part, ({ group }) => group),
      type ? builder.finish() : null,
      0,
      part.length,
      groups,
    );
    // Every part ends in a restart.
    const snapshot = structuredClone(state.snapshot());
    state = bound.create();
    state.restore(snapshot);
  }
  const column = state.result(groups);
  expect(column.kind === 'exact' ? 'num' : column.kind).toBe(columnKind(bound.type));
  return Array.from({ length: groups }, (_, g) => ((column.valid?.[g] ?? 1) > 1 ? failing : valueAt(column, g)));
}

const one = (name: string, type: SqlType, values: readonly Value[]): unknown =>
  aggregate(
    name,
    type,
    values.map((value) => ({ group: 0, value })),
  )[0];

describe('an aggregate of one group', () => {
  const cases: readonly [string, SqlType, readonly Value[], unknown][] = [
    ['COUNT', integer, [1, null, 3], 2],
    ['COUNT', varchar(3), [null, null], 0],
    ['SUM', integer, [1, null, 3], 4],
    ['SUM', integer, [null], null],
    ['SUM', integer, [2 ** 31 - 1, 1, -1], 2 ** 31 - 1],
    ['SUM', integer, [2 ** 31 - 1, 1], failing],
    ['SUM', smallint, [32767, 1], failing],
    ['SUM', bigint, [2 ** 53 - 1, 1], '9007199254740992'],
    ['SUM', bigint, ['9223372036854775807', 1], failing],
    ['SUM', bigint, ['9223372036854775807', 1, -1], '9223372036854775807'],
    ['SUM', decimal(18, 2), ['9007199254740993.10', 0.01], '9007199254740993.11'],
    ['AVG', bigint, ['9223372036854775807', '9223372036854775806'], '9223372036854775806'],
    ['AVG', decimal(19, 5), ['12345678901234.56789', '12345678901234.56788'], '12345678901234.56789'],
    ['MAX', bigint, [5, '9223372036854775806', '9223372036854775807', 7], '9223372036854775807'],
    ['MIN', bigint, ['-9223372036854775807', 3, '-9223372036854775808'], '-9223372036854775808'],
    ['FIRST_VALUE', bigint, ['9223372036854775807', 1], '9223372036854775807'],
    ['SUM', double, [1e308, 1e308], failing],
    ['SUM', decimal(5, 2), [0.1, 0.2], 0.3],
    ['SUM', real, [Math.fround(0.1), Math.fround(0.2)], Math.fround(Math.fround(0.1) + Math.fround(0.2))],
    // AVG has the type of its argument: of integers it is cut toward zero.
    ['AVG', integer, [1, 2], 1],
    ['AVG', integer, [-1, -2], -1],
    ['AVG', integer, [50, 50, 93], 64],
    ['AVG', integer, [1, null, null], 1],
    ['AVG', integer, [2 ** 31 - 1, 2 ** 31 - 1], 2 ** 31 - 1],
    ['AVG', double, [1, 2], 1.5],
    ['AVG', decimal(5, 2), [1, 1, 2], 1.33],
    ['AVG', integer, [null], null],
    ['MIN', integer, [3, null, -1, 2], -1],
    ['MAX', integer, [-3, null, -1, -2], -1],
    ['MIN', varchar(3), ['b', null, 'a', 'ab'], 'a'],
    ['MAX', varchar(3), ['b', null, 'B', 'é'], 'é'],
    ['MIN', boolean, [true, null, false], false],
    ['MAX', boolean, [true, null, false], true],
    ['MAX', timestamp, [5, 9, 7], 9],
    ['MIN', date, [null, null], null],
    ['VAR_POP', integer, [2, 4, 4, 4, 5, 5, 7, 9], 4],
    ['STDDEV_POP', integer, [2, 4, 4, 4, 5, 5, 7, 9], 2],
    ['VAR_SAMP', double, [1, 2, 3, null], 1],
    ['STDDEV', double, [1, 2, 3], 1],
    ['STDDEV_SAMP', double, [7], null],
    ['VAR_POP', double, [7], 0],
    ['VAR_POP', double, [null], null],
    // The squares of these numbers cancel to nothing if they are summed.
    ['VAR_POP', double, [1e9 + 1, 1e9 + 2, 1e9 + 3], 2 / 3],
    ['VAR_POP', double, [1e200, -1e200], failing],
    ['ANY', boolean, [null, false, true], true],
    ['ANY', boolean, [null, false], false],
    ['ANY', boolean, [null], null],
    ['EVERY', boolean, [null, true], true],
    ['EVERY', boolean, [null, true, false], false],
    ['EVERY', boolean, [null], null],
  ];
  test.each(cases)('%s over %j of %j is %s', (name, type, values, expected) => {
    expect(one(name, type, values)).toEqual(expected);
  });
});

test('COUNT(*) counts rows', () => {
  const rows = [
    { group: 0, value: 0 },
    { group: 1, value: 0 },
    { group: 0, value: 0 },
  ];
  expect(aggregate('COUNT', null, rows)).toEqual([2, 1]);
});

test('each aggregate has the type that the reference gives it, and takes only what it can take', () => {
  const types = [smallint, integer, bigint, decimal(5, 2), real, double, varchar(3), boolean, timestamp, dayTime];
  const table = aggregateFunctions.map(({ name, bind }) => {
    const bound = types.map((type) => bind([type])?.type);
    return `${name}: ${bound.map((type) => (type ? printType(type) : '-')).join(' ')}`;
  });
  const same = 'SMALLINT INTEGER BIGINT DECIMAL(5,2) REAL DOUBLE - - - -';
  const doubles = 'DOUBLE DOUBLE DOUBLE DOUBLE DOUBLE DOUBLE - - - -';
  const any = 'SMALLINT INTEGER BIGINT DECIMAL(5,2) REAL DOUBLE VARCHAR(3) BOOLEAN TIMESTAMP INTERVAL DAY TO SECOND';
  expect(table).toEqual([
    `COUNT: ${types.map(() => 'BIGINT').join(' ')}`,
    `SUM: ${same.replace('DECIMAL(5,2)', 'DECIMAL(19,2)')}`,
    `AVG: ${same}`,
    `MIN: ${any}`,
    `MAX: ${any}`,
    ...['STDDEV_POP', 'STDDEV_SAMP', 'STDDEV', 'VAR_POP', 'VAR_SAMP'].map((name) => `${name}: ${doubles}`),
    `FIRST_VALUE: ${any}`,
    `LAST_VALUE: ${any}`,
    ...['ANY', 'EVERY'].map((name) => `${name}: - - - - - - - BOOLEAN - -`),
  ]);
  expect(aggregateFunctions.filter(({ bind }) => bind([integer, integer]))).toEqual([]);
});

const rowsOf = (value: fc.Arbitrary<Value>): fc.Arbitrary<Grouped[]> =>
  fc
    .array(fc.record({ group: fc.nat(4), value: fc.option(value, { nil: null, freq: 4 }) }), {
      minLength: 1,
      maxLength: 80,
    })
    .map((rows) => {
      // Ids are dense: number the groups in the order they come.
      const ids = new Map<number, number>();
      return rows.map(({ group, value: v }) => {
        if (!ids.has(group)) ids.set(group, ids.size);
        return { group: ids.get(group)!, value: v };
      });
    });

function perGroup(rows: readonly Grouped[], f: (values: Value[]) => unknown): unknown[] {
  const groups: Value[][] = [];
  for (const { group, value } of rows) {
    groups[group] ??= [];
    groups[group].push(value);
  }
  return groups.map(f);
}

const known = (values: readonly Value[]): number[] => values.filter((value) => value !== null) as number[];
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('aggregates over groups equal their row version, cut and restored anywhere', () => {
  const small = fc.integer({ min: -1000, max: 1000 });
  const cuts = fc.array(fc.nat(), { maxLength: 4 });
  const cases: readonly [string, SqlType, fc.Arbitrary<Value>, (values: Value[]) => unknown][] = [
    ['COUNT', integer, small, (values) => known(values).length],
    ['SUM', integer, small, (values) => (known(values).length > 0 ? total(known(values)) + 0 : null)],
    [
      'AVG',
      integer,
      small,
      (values) => (known(values).length > 0 ? Math.trunc(total(known(values)) / known(values).length) + 0 : null),
    ],
    ['MIN', integer, small, (values) => (known(values).length > 0 ? Math.min(...known(values)) : null)],
    ['MAX', double, small, (values) => (known(values).length > 0 ? Math.max(...known(values)) : null)],
    [
      'MAX',
      varchar(9),
      fc.constantFrom('', 'a', 'b', 'ab', 'é'),
      (values) =>
        values
          .filter((v) => v !== null)
          .sort()
          .at(-1) ?? null,
    ],
    ['MIN', boolean, fc.boolean(), (values) => (values.includes(false) ? false : values.includes(true) ? true : null)],
  ];
  test.each(cases)('%s of %j', (name, type, value, row) => {
    fc.assert(
      fc.property(rowsOf(value), cuts, (rows, at) => {
        expect(aggregate(name, type, rows, at)).toEqual(perGroup(rows, row));
      }),
    );
  });

  test('VAR_POP, within rounding', () => {
    fc.assert(
      fc.property(rowsOf(small), cuts, (rows, at) => {
        const found = aggregate('VAR_POP', integer, rows, at);
        perGroup(rows, (values) => {
          const numbers = known(values);
          const mean = total(numbers) / numbers.length;
          return numbers.length === 0 ? null : total(numbers.map((x) => (x - mean) ** 2)) / numbers.length;
        }).forEach((expected, g) => {
          if (expected === null) expect(found[g]).toBeNull();
          else expect(found[g]).toBeCloseTo(expected as number, 6);
        });
      }),
    );
  });
});

test.each(aggregateFunctions.map(({ name }) => name))(
  '%s starts anew after clear, and its snapshot does not change',
  (name) => {
    const bound = aggregateFunction(name)!.bind([integer]) ?? aggregateFunction(name)!.bind([boolean])!;
    const rows: Column =
      bound.type.kind === 'boolean'
        ? { kind: 'bool', values: Uint8Array.of(1, 1, 0), valid: null }
        : { kind: 'num', values: Float64Array.of(4, 6, 9), valid: null };
    const fresh = bound.create();
    fresh.update(Int32Array.of(0), sliceColumn(rows, 2, 3), 0, 1, 1);
    const used = bound.create();
    used.update(Int32Array.of(0, 1), rows, 0, 2, 2);
    const snapshot = used.snapshot();
    const before = structuredClone(snapshot);
    used.clear();
    used.update(Int32Array.of(0), rows, 2, 3, 1);
    expect(snapshot).toEqual(before);
    expect(used.result(1)).toEqual(fresh.result(1));
  },
);
