import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { type Batch, concat, fromRows, gather, type Row, slice, toRows } from '../src/batch.ts';
import { type Column, ColumnBuilder, type Value, valueAt } from '../src/column.ts';
import { isPlain, parseUnits, printUnits, toUnits } from '../src/exact.ts';
import { compile, type Expr, Failures } from '../src/expr.ts';
import { scalarFunction, scalarFunctions } from '../src/functions/index.ts';
import { arithmeticType } from '../src/functions/numeric-types.ts';
import { Distinct } from '../src/operators/distinct.ts';
import { GroupRuns } from '../src/operators/group-runs.ts';
import { Join } from '../src/operators/join.ts';
import { Slide } from '../src/operators/slide.ts';
import { Sort } from '../src/operators/sort.ts';
import { Tumble } from '../src/operators/tumble.ts';
import { RowErrors } from '../src/row-errors.ts';
import type { Schema, SqlType } from '../src/schema.ts';
import { analyticFunction } from '../src/sliding/index.ts';
import { type Step, verifyOperator } from '../src/testing/verify-operator.ts';
import { step } from '../src/window.ts';
import { bigint, call, cast, column, decimal, double, integer, varchar } from './expressions.ts';

// The oracle: units as bigints, and rules written down a second time.

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const edge = fc.constantFrom(
  ...[53n, 63n].flatMap((bits) => [-2n, -1n, 0n, 1n].flatMap((d) => [2n ** bits + d, -(2n ** bits) + d])),
  ...[0n, 1n, -1n, 2n, 10n, 3_037_000_500n],
);
const anyBigint = fc.oneof(int64, edge, fc.bigInt({ min: -1000n, max: 1000n })).map((n) => BigInt.asIntN(64, n));

/** A DECIMAL type and some of its units. */
const decimals = (count: number) =>
  fc.record({ precision: fc.integer({ min: 1, max: 19 }), scale: fc.nat(19) }).chain(({ precision, scale }) => {
    const type = decimal(precision, Math.min(scale, precision));
    const limit = 10n ** BigInt(precision) - 1n;
    const max = limit < 2n ** 63n ? limit : 2n ** 63n - 1n;
    const own = fc.oneof(
      fc.bigInt({ min: -max, max }),
      fc.bigInt({ min: -1000n, max: 1000n }).map((n) => (n > max ? max : n < -max ? -max : n)),
      fc.constantFrom(max, -max, 0n),
    );
    return fc.record({ type: fc.constant(type), units: fc.array(own, { minLength: count, maxLength: count }) });
  });

const scaleOf = (type: SqlType): number => (type.kind === 'decimal' ? type.scale : 0);
const rangeOf = (type: SqlType): bigint => (type.kind === 'decimal' ? 10n ** BigInt(type.precision) - 1n : 2n ** 63n);
const fits = (units: bigint, type: SqlType): boolean =>
  units >= -rangeOf(type) && units <= rangeOf(type) && BigInt.asIntN(64, units) === units;

function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  const sign = numerator < 0n === denominator < 0n ? 1n : -1n;
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator];
  return sign * ((2n * n + d) / (2n * d));
}

const pow = (n: number): bigint => 10n ** BigInt(n);

function columnOf(type: SqlType, units: readonly (bigint | null)[]): Column {
  const schema: Schema = [{ name: 'v', type, nullable: true }];
  const rows = units.map((n) => ({ rowtime: 0, row: { v: n === null ? null : printUnits(n, scaleOf(type)) } }));
  return fromRows(schema, rows).columns[0]!;
}

/** The units of each row of a result; the name of its failure where there is none. Checks that it is stored as it must. */
function run(expr: Expr, columns: readonly Column[], length: number): (bigint | string | null)[] {
  const failures = new Failures();
  const result = compile(expr, failures)({ length, rowtime: new Float64Array(length), columns });
  const found = Array.from({ length }, (_, i) => {
    const state = result.valid ? result.valid[i]! : 1;
    if (state > 1) return failures.get(state).name;
    const value = valueAt(result, i);
    if (value === null || typeof value === 'boolean') return value === null ? null : BigInt(value);
    return typeof value === 'string' ? parseUnits(value, scaleOf(expr.type)) : toUnits(value, scaleOf(expr.type));
  });
  const known = found.filter((units): units is bigint => typeof units === 'bigint');
  const needsUnits = known.some((units) => !isPlain(units, scaleOf(expr.type)));
  if (result.kind === 'num') expect(needsUnits, 'a column of doubles holds plain numbers').toBe(false);
  if (result.kind === 'exact') expect(result.scale).toBe(scaleOf(expr.type));
  return found;
}

const outcome = (units: bigint, type: SqlType): bigint | string => (fits(units, type) ? units : 'NumericOverflow');

describe('BIGINT, against bigints', () => {
  const operators: Record<string, (a: bigint, b: bigint) => bigint> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    MOD: (a, b) => a % b,
  };

  test.each(Object.keys(operators))('%s', (name) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyBigint, anyBigint), { minLength: 1, maxLength: 8 }), (rows) => {
        const columns = [0, 1].map((c) =>
          columnOf(
            bigint,
            rows.map((row) => row[c]!),
          ),
        );
        const expected = rows.map(([a, b]) => {
          if ((name === '/' || name === 'MOD') && b === 0n) return 'DivisionByZero';
          return outcome(operators[name]!(a, b), bigint);
        });
        expect(run(call(name, column(0, bigint), column(1, bigint)), columns, rows.length)).toEqual(expected);
      }),
    );
  });

  test('NEGATE, ABS, FLOOR, CEIL, and text both ways', () => {
    fc.assert(
      fc.property(fc.array(anyBigint, { minLength: 1, maxLength: 8 }), (rows) => {
        const columns = [columnOf(bigint, rows)];
        const own = column(0, bigint);
        const found = (expr: Expr) => run(expr, columns, rows.length);
        expect(found(call('NEGATE', own))).toEqual(rows.map((n) => outcome(-n, bigint)));
        expect(found(call('ABS', own))).toEqual(rows.map((n) => outcome(n < 0n ? -n : n, bigint)));
        expect(found(call('FLOOR', own))).toEqual(rows);
        expect(found(call('CEIL', own))).toEqual(rows);
        expect(found(cast(cast(own, varchar()), bigint))).toEqual(rows);
      }),
    );
  });
});

describe('DECIMAL, against bigints', () => {
  const oracle: Record<'+' | '-' | '*' | '/', (a: bigint, s: number, b: bigint, t: number, scale: number) => bigint> = {
    '+': (a, s, b, t, scale) => a * pow(scale - s) + b * pow(scale - t),
    '-': (a, s, b, t, scale) => a * pow(scale - s) - b * pow(scale - t),
    '*': (a, s, b, t, scale) => roundHalfUp(a * b * pow(scale), pow(s + t)),
    '/': (a, s, b, t, scale) => roundHalfUp(a * pow(t + scale), b * pow(s)),
  };

  test.each(['+', '-', '*', '/'] as const)('%s', (name) => {
    fc.assert(
      fc.property(decimals(6), decimals(6), (x, y) => {
        const type = arithmeticType(name, x.type, y.type);
        const [s, t] = [scaleOf(x.type), scaleOf(y.type)];
        const expected = x.units.map((a, i) => {
          const b = y.units[i]!;
          if (name === '/' && b === 0n) return 'DivisionByZero';
          return outcome(oracle[name](a, s, b, t, scaleOf(type)), type);
        });
        const columns = [columnOf(x.type, x.units), columnOf(y.type, y.units)];
        expect(run(call(name, column(0, x.type), column(1, y.type)), columns, 6)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  test('comparisons of any two scales', () => {
    fc.assert(
      fc.property(
        decimals(6),
        fc.oneof(
          decimals(6),
          fc.record({ type: fc.constant(bigint), units: fc.array(anyBigint, { minLength: 6, maxLength: 6 }) }),
        ),
        fc.boolean(),
        (x, y, same) => {
          const [s, t] = [scaleOf(x.type), scaleOf(y.type)];
          // Often the same number at both scales, or its neighbour.
          const others = y.units.map((own, i) => {
            const near = roundHalfUp(x.units[i]! * pow(t), pow(s));
            return same && fits(near, y.type) ? near : own;
          });
          const columns = [columnOf(x.type, x.units), columnOf(y.type, others)];
          const [a, b] = [column(0, x.type), column(1, y.type)];
          const signs = x.units.map((units, i) => units * pow(t) - others[i]! * pow(s));
          expect(run(call('=', a, b), columns, 6)).toEqual(signs.map((sign) => BigInt(sign === 0n)));
          expect(run(call('<', a, b), columns, 6)).toEqual(signs.map((sign) => BigInt(sign < 0n)));
          expect(run(call('>=', a, b), columns, 6)).toEqual(signs.map((sign) => BigInt(sign >= 0n)));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('casts to any DECIMAL, to BIGINT, to text and back', () => {
    fc.assert(
      fc.property(decimals(6), decimals(1), (x, { type }) => {
        const columns = [columnOf(x.type, x.units)];
        const own = column(0, x.type);
        for (const to of [type, bigint]) {
          const expected = x.units.map((units) =>
            outcome(roundHalfUp(units * pow(scaleOf(to)), pow(scaleOf(x.type))), to),
          );
          expect(run(cast(own, to), columns, 6)).toEqual(expected);
          expect(run(cast(cast(own, varchar()), to), columns, 6)).toEqual(expected);
        }
        const unit = pow(scaleOf(x.type));
        expect(run(call('FLOOR', own), columns, 6)).toEqual(
          x.units.map((units) =>
            outcome((units - (((units % unit) + unit) % unit)) / unit, { ...x.type, scale: 0 } as SqlType),
          ),
        );
      }),
      { numRuns: 400 },
    );
  });
});

test('0.1 + 0.2 is 0.3, and a million hundredths are ten thousand', () => {
  const cents = decimal(5, 2);
  const state = aggregateFunction('SUM')!.bind([cents])!.create();
  const rows = 1000;
  const values = { kind: 'num', values: new Float64Array(rows).fill(0.01), valid: null } as const;
  for (let i = 0; i < 1000; i++) state.update(new Int32Array(rows), values, 0, rows, 1);
  expect(valueAt(state.result(1), 0)).toBe(10_000);
  expect(
    run(call('+', column(0, cents), column(1, cents)), [columnOf(cents, [10n]), columnOf(cents, [20n])], 1),
  ).toEqual([30n]);
});

// Functions that take numbers no double holds are those named here. One that is not aware of them fails the row.
test('a function that is not exact fails what no double holds', () => {
  const exact = [
    '+',
    '-',
    '*',
    '/',
    'NEGATE',
    'ABS',
    'MOD',
    'FLOOR',
    'CEIL',
    '=',
    '<>',
    '<',
    '<=',
    '>',
    '>=',
    'COALESCE',
    'CASE',
    'IS_NULL',
    'MONOTONIC',
  ];
  const approximate = ['EXP', 'LN', 'LOG10', 'SQRT', 'POWER'];
  const odd = 2n ** 53n + 1n;
  const condition: Expr = { kind: 'literal', value: true, type: { kind: 'boolean' } };
  const text: Expr = { kind: 'literal', value: 'abc', type: { kind: 'varchar', length: 3 } };
  const ten: Expr = { kind: 'literal', value: 10, type: integer };
  const own = column(0, bigint);
  const unaware: string[] = [];
  for (const { name, bind } of scalarFunctions) {
    for (const args of [
      [own],
      [own, own],
      [own, ten],
      [ten, own],
      [text, own],
      [text, ten, own],
      [text, text, own],
      [condition, own, own],
    ]) {
      let type: SqlType | undefined;
      try {
        type = bind(args)?.type;
      } catch {
        continue;
      }
      if (!type || exact.includes(name) || approximate.includes(name)) continue;
      const found = run({ kind: 'call', name, args, type }, [columnOf(bigint, [odd])], 1);
      expect(found, name).toEqual(['NumericOverflow']);
      unaware.push(name);
    }
  }
  expect(unaware).toContain('STEP');
  expect(unaware).toContain('SUBSTRING');
  expect(exact.every((name) => scalarFunction(name))).toBe(true);
});

describe('columns', () => {
  const cells = fc.array(fc.option(anyBigint, { nil: null }), { minLength: 1, maxLength: 12 });

  test('gather, slice, concat and rows keep the digits', () => {
    fc.assert(
      fc.property(cells, cells, fc.nat(), (first, second, cut) => {
        const schema: Schema = [{ name: 'v', type: bigint, nullable: true }];
        const batchOf = (units: readonly (bigint | null)[]): Batch => ({
          length: units.length,
          rowtime: new Float64Array(units.length),
          columns: [columnOf(bigint, units)],
        });
        const [a, b] = [batchOf(first), batchOf(second)];
        const all = [...first, ...second];
        const joined = concat([a, b]);
        const at = cut % (all.length + 1);
        const back = Uint32Array.from(all, (_, i) => all.length - 1 - i);
        const digits = (batch: Batch) =>
          toRows(schema, batch).map(({ row }) => (row['v'] === null ? null : BigInt(row['v'] as string | number)));
        expect(digits(joined)).toEqual(all);
        expect(digits(slice(joined, at, all.length))).toEqual(all.slice(at));
        expect(digits(gather(joined, back, all.length))).toEqual(all.toReversed());
        expect(digits(fromRows(schema, toRows(schema, joined)))).toEqual(all);
      }),
    );
  });

  test('a builder takes numbers and digits in any order', () => {
    const builder = new ColumnBuilder('num');
    for (const value of [0.5, '12345678901234.56789', null, -3]) builder.push(value);
    const column = builder.finish();
    expect(Array.from({ length: 4 }, (_, i) => valueAt(column, i))).toEqual([0.5, '12345678901234.56789', null, -3]);
  });
});

describe('operators, row by row and restored', () => {
  const schema: Schema = [
    { name: 'id', type: bigint, nullable: true },
    { name: 'n', type: bigint, nullable: true },
    { name: 'd', type: decimal(19, 5), nullable: true },
  ];
  const errors = new RowErrors('p');
  const steps = fc
    .array(
      fc.record({
        gap: fc.constantFrom(0, 1, 1000, 30_000),
        id: fc.option(fc.constantFrom(1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n)), { nil: null }),
        n: fc.option(anyBigint, { nil: null }),
        d: fc.option(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), { nil: null }),
        cut: fc.boolean(),
      }),
      { minLength: 1, maxLength: 25 },
    )
    .map((made) => {
      let t = 0;
      const rows = made.map(({ gap, id, n, d, cut }) => {
        t += gap;
        const row: Record<string, Value> = {
          id: id === null ? null : String(id),
          n: n === null ? null : String(n),
          d: d === null ? null : printUnits(d, 5),
        };
        return { rowtime: t, row, units: { id, n, d }, cut };
      });
      const batches: (typeof rows)[] = [[]];
      for (const row of rows) {
        batches.at(-1)!.push(row);
        if (row.cut) batches.push([]);
      }
      const parts = batches.filter((batch) => batch.length > 0).map((batch) => ({ batch: fromRows(schema, batch) }));
      const steps: Step[] = [...parts, { advance: Number.POSITIVE_INFINITY }];
      return { rows, steps };
    });
  const show = (value: Value | undefined, scale: number): bigint | null =>
    value === null || value === undefined
      ? null
      : typeof value === 'number'
        ? toUnits(value, scale)
        : parseUnits(String(value), scale);
  const known = (values: readonly (bigint | null)[]): bigint[] => values.filter((value) => value !== null);
  const ends = (values: readonly bigint[]): [least: bigint | null, most: bigint | null] => {
    const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return [sorted[0] ?? null, sorted.at(-1) ?? null];
  };
  const total = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

  test('GROUP BY: two ids that differ in the last digit are two groups, and sums are exact', () => {
    const calls = (['SUM', 'AVG', 'MIN', 'MAX', 'FIRST_VALUE'] as const).map((name) => ({
      name,
      input: 2,
      aggregate: aggregateFunction(name)!.bind([decimal(19, 5)])!,
    }));
    const create = () => new Tumble({ input: schema, window: step(60_000), keys: [0], calls, errors });
    fc.assert(
      fc.property(steps, ({ rows, steps }) => {
        const found = verifyOperator({ create, steps });
        const keys = [...new Set(rows.map(({ rowtime, units }) => `${Math.floor(rowtime / 60_000)} ${units.id}`))];
        const expected = keys.map((key) => {
          const group = rows.filter(({ rowtime, units }) => `${Math.floor(rowtime / 60_000)} ${units.id}` === key);
          const all = group.map(({ units }) => units.d);
          const d = known(all);
          if (d.length === 0) return [group[0]!.units.id, null, null, null, null, all[0]];
          const [least, most] = ends(d);
          return [group[0]!.units.id, total(d), roundHalfUp(total(d), BigInt(d.length)), least, most, all[0]];
        });
        const shown = found.map(({ row }) => [show(row['id'], 0), ...calls.map(({ name }) => show(row[name], 5))]);
        expect(shown).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('OVER: sums that leave 2^53 and come back', () => {
    const names = ['SUM', 'MIN', 'MAX', 'LAG', 'LAST_VALUE', 'COUNT', 'SUM DISTINCT', 'AVG DISTINCT'] as const;
    const create = () =>
      new Slide({
        input: schema,
        windows: [
          {
            frame: { kind: 'rows', preceding: 2 },
            partitionBy: [0],
            calls: names.map((name) => ({
              name,
              input: 2,
              analytic: analyticFunction(name.replace(' DISTINCT', ''))!.bind([column(2, decimal(19, 5))], {
                ignoreNulls: false,
                fromLast: false,
                distinct: name.endsWith('DISTINCT'),
              })!,
            })),
          },
        ],
        errors,
      });
    fc.assert(
      fc.property(steps, ({ rows, steps }) => {
        const found = verifyOperator({ create, steps });
        const expected = rows.map(({ units }, i) => {
          const own = rows
            .slice(0, i + 1)
            .filter((other) => other.units.id === units.id)
            .slice(-3)
            .map((other) => other.units.d);
          const d = known(own);
          const [least, most] = ends(d);
          const once = [...new Set(d)];
          return [
            d.length === 0 ? null : total(d),
            least,
            most,
            own.at(-2) ?? null,
            own.at(-1) ?? null,
            BigInt(d.length),
            d.length === 0 ? null : total(once),
            d.length === 0 ? null : roundHalfUp(total(once), BigInt(once.length)),
          ];
        });
        expect(found.map(({ row }) => names.map((name) => show(row[name], name === 'COUNT' ? 0 : 5)))).toEqual(
          expected,
        );
      }),
      { numRuns: 40 },
    );
  });

  test('OVER a window without an end, and GROUP BY MONOTONIC', () => {
    const names = ['SUM', 'AVG', 'MIN', 'MAX'] as const;
    const calls = names.map((name) => ({
      name,
      input: 2,
      aggregate: aggregateFunction(name)!.bind([decimal(19, 5)])!,
    }));
    const running = () =>
      new Slide({ input: schema, windows: [{ frame: { kind: 'unbounded' }, partitionBy: [0], calls }], errors });
    const runs = () => new GroupRuns({ input: schema, keys: [0], run: 0, calls, errors });
    const results = (values: readonly (bigint | null)[]): (bigint | null)[] => {
      const d = known(values);
      if (d.length === 0) return [null, null, null, null];
      return [total(d), roundHalfUp(total(d), BigInt(d.length)), ...ends(d)];
    };
    const shown = (row: Row): (bigint | null)[] => names.map((name) => show(row[name], 5));
    fc.assert(
      fc.property(steps, ({ rows, steps }) => {
        const expected = rows.map(({ units: { id } }, i) =>
          results(rows.slice(0, i + 1).flatMap(({ units }) => (units.id === id ? [units.d] : []))),
        );
        expect(verifyOperator({ create: running, steps }).map(({ row }) => shown(row))).toEqual(expected);
        const groups: (typeof rows)[] = [];
        for (const row of rows) {
          const last = groups.at(-1);
          if (last?.[0]?.units.id === row.units.id) last.push(row);
          else groups.push([row]);
        }
        expect(verifyOperator({ create: runs, steps }).map(({ row }) => [show(row['id'], 0), ...shown(row)])).toEqual(
          groups.map((group) => [group[0]!.units.id, ...results(group.map(({ units }) => units.d))]),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('an ascending key that doubles do not tell apart', () => {
    const created = { schema, time: 0, timeAt: () => Number.NEGATIVE_INFINITY, keys: [{ index: 1, descending: true }] };
    const first = 2n ** 60n;
    const batch = fromRows(
      schema,
      [0n, 0n, 1n, 1n, 2n, 1000n, 1001n].map((step, i) => ({
        rowtime: i,
        row: { id: String(first + step), n: i, d: null },
      })),
    );
    const steps: Step[] = [{ batch }, { advance: Number.POSITIVE_INFINITY }];
    const sort = () => new Sort({ ...created, rowtimeIsKey: false });
    expect(verifyOperator({ create: sort, steps }).map(({ row }) => row['n'])).toEqual([1, 0, 3, 2, 4, 5, 6]);
    const distinct = () => new Distinct({ ...created, keys: [0] });
    expect(verifyOperator({ create: distinct, steps }).map(({ row }) => row['n'])).toEqual([0, 2, 4, 5, 6]);
  });

  test('ORDER BY and DISTINCT', () => {
    const timed: Schema = [...schema, { name: 't', type: { kind: 'timestamp' }, nullable: false }];
    const timeAt = () => 0;
    const sort = () =>
      new Sort({ schema: timed, time: 3, timeAt, keys: [{ index: 1, descending: true }], rowtimeIsKey: true });
    const distinct = () => new Distinct({ schema: timed, time: 3, timeAt, keys: [0] });
    fc.assert(
      fc.property(steps, ({ rows, steps }) => {
        const input = steps.map((made) =>
          'batch' in made
            ? {
                batch: {
                  ...made.batch,
                  columns: [
                    ...made.batch.columns,
                    { kind: 'num', values: new Float64Array(made.batch.length), valid: null } as const,
                  ],
                },
              }
            : made,
        );
        const order = rows
          .map((_, i) => i)
          .sort((a, b) => {
            const [x, y] = [rows[a]!.units.n, rows[b]!.units.n];
            if (x === y) return a - b;
            return x === null ? -1 : y === null ? 1 : x > y ? -1 : 1;
          });
        expect(verifyOperator({ create: sort, steps: input }).map(({ row }) => show(row['n'], 0))).toEqual(
          order.map((i) => rows[i]!.units.n),
        );
        expect(verifyOperator({ create: distinct, steps: input }).map(({ row }) => show(row['id'], 0))).toEqual([
          ...new Set(rows.map(({ units }) => units.id)),
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('JOIN', () => {
    const side = { schema, frame: { kind: 'range', millis: 10_000 }, keys: [0], isOuter: false } as const;
    const rowtime = { name: 'ROWTIME', type: { kind: 'timestamp' }, nullable: true } as const;
    const create = () =>
      new Join({
        left: side,
        right: side,
        schema: [
          ...schema,
          rowtime,
          ...schema.map((field) => ({ ...field, name: `r_${field.name}` })),
          { ...rowtime, name: 'r_ROWTIME' },
        ],
        residual: null,
        errors,
      });
    fc.assert(
      fc.property(steps, ({ rows, steps }) => {
        const both = steps.flatMap((made): Step[] =>
          'batch' in made
            ? [
                { ...made, input: 0 },
                { ...made, input: 1 },
              ]
            : [made],
        );
        const found = verifyOperator({ create, steps: both });
        const pairs = rows.flatMap((a) =>
          rows.filter(
            (b) => a.units.id !== null && a.units.id === b.units.id && Math.abs(a.rowtime - b.rowtime) <= 10_000,
          ),
        );
        expect(found.length).toBe(pairs.length);
        expect(found.every(({ row }) => row['id'] === row['r_id'])).toBe(true);
        expect(found.map(({ row }) => String(show(row['r_n'], 0))).sort()).toEqual(
          pairs.map(({ units }) => String(units.n)).sort(),
        );
      }),
      { numRuns: 50 },
    );
  });
});

test('DOUBLE to BIGINT and DECIMAL takes the digits that the double shows', () => {
  const to = (value: number, type: SqlType) =>
    run(cast(column(0, double), type), [{ kind: 'num', values: Float64Array.of(value), valid: null }], 1)[0];
  expect(to(1e18, bigint)).toBe(10n ** 18n);
  expect(to(9.2e18, bigint)).toBe(92n * 10n ** 17n);
  expect(to(2 ** 63, bigint)).toBe('NumericOverflow');
  expect(to(-(2 ** 63), bigint)).toBe(-(2n ** 63n));
  expect(to(12345678901.5, decimal(19, 8))).toBe(1234567890150000000n);
  expect(to(0.1, decimal(19, 18))).toBe(10n ** 17n);
});
