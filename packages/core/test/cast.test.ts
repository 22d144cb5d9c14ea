import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Value } from '../src/column.ts';
import { assignable, castable, needsCast } from '../src/functions/cast.ts';
import { printType, type SqlType } from '../src/schema.ts';
import {
  bareNull,
  bigint,
  boolean,
  type Cell,
  cast,
  char,
  column,
  date,
  dayTime,
  decimal,
  double,
  evaluate,
  evaluateOne,
  failed,
  integer,
  literal,
  nothing,
  real,
  smallint,
  time,
  timestamp,
  tinyint,
  varchar,
  yearMonth,
} from './expressions.ts';

const binary: SqlType = { kind: 'binary', length: 2 };
const castError = failed('CastError');
const overflow = failed('NumericOverflow');

test('CAST takes the pairs of the table of the SQL reference, and no others', () => {
  const types = [
    integer,
    double,
    decimal(5, 2),
    varchar(9),
    char(9),
    boolean,
    date,
    time,
    timestamp,
    dayTime,
    yearMonth,
    binary,
  ];
  const matrix = types.map((from) => {
    const to = types.filter((type) => castable(from, type)).map(printType);
    return `${printType(from)}: ${to.join(' ')}`;
  });
  expect(matrix).toEqual([
    'INTEGER: INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9)',
    'DOUBLE: INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9)',
    'DECIMAL(5,2): INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9)',
    'VARCHAR(9): INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9) BOOLEAN DATE TIME TIMESTAMP INTERVAL DAY TO SECOND INTERVAL YEAR TO MONTH',
    'CHAR(9): INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9) BOOLEAN DATE TIME TIMESTAMP INTERVAL DAY TO SECOND INTERVAL YEAR TO MONTH',
    'BOOLEAN: VARCHAR(9) CHAR(9) BOOLEAN',
    'DATE: VARCHAR(9) CHAR(9) DATE TIMESTAMP',
    'TIME: VARCHAR(9) CHAR(9) TIME TIMESTAMP',
    'TIMESTAMP: VARCHAR(9) CHAR(9) DATE TIME TIMESTAMP',
    'INTERVAL DAY TO SECOND: INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9) INTERVAL DAY TO SECOND',
    'INTERVAL YEAR TO MONTH: INTEGER DOUBLE DECIMAL(5,2) VARCHAR(9) CHAR(9) INTERVAL YEAR TO MONTH',
    'BINARY(2): BINARY(2)',
  ]);
});

test('an interval becomes a number of any kind', () => {
  expect([bigint, decimal(18, 0), integer, real].every((type) => castable(dayTime, type))).toBe(true);
  expect(evaluateOne(cast(literal(90_061_001, dayTime), bigint))).toBe(90_061); // seconds, its last field
});

test('INSERT converts numbers among themselves and texts among themselves, nothing else', () => {
  const types = [integer, double, varchar(9), char(9), boolean, date, time, timestamp, binary];
  const matrix = types.map((from) => {
    const to = types.filter((type) => assignable(from, type)).map(printType);
    return `${printType(from)}: ${to.join(' ')}`;
  });
  expect(matrix).toEqual([
    'INTEGER: INTEGER DOUBLE',
    'DOUBLE: INTEGER DOUBLE',
    'VARCHAR(9): VARCHAR(9) CHAR(9)',
    'CHAR(9): VARCHAR(9) CHAR(9)',
    'BOOLEAN: BOOLEAN',
    'DATE: DATE',
    'TIME: TIME',
    'TIMESTAMP: TIMESTAMP',
    'BINARY(2): BINARY(2)',
  ]);
  expect(types.every((type) => assignable(nothing, type))).toBe(true);
});

describe('CAST of one value', () => {
  const at = Date.UTC(2007, 1, 19, 21, 23, 45);
  const cases: readonly [SqlType, Value, SqlType, Cell][] = [
    // To integers: rounded, halves away from zero; checked.
    [double, 2.4, integer, 2],
    [double, 2.5, integer, 3],
    [double, -2.5, integer, -3],
    [double, -0.4, integer, 0],
    [double, 0.49999999999999994, integer, 0],
    [decimal(5, 2), 1.5, smallint, 2],
    [double, 2 ** 31 - 0.6, integer, 2 ** 31 - 1],
    [double, 2 ** 31 - 0.5, integer, overflow],
    [double, -(2 ** 31) - 0.4, integer, -(2 ** 31)],
    [integer, 127, tinyint, 127],
    [integer, 128, tinyint, overflow],
    [integer, -129, tinyint, overflow],
    [double, 1e300, bigint, overflow],
    [bigint, 5, double, 5],
    // To DECIMAL.
    [double, 12.345, decimal(5, 2), 12.35],
    [double, 999.994, decimal(5, 2), 999.99],
    [double, 999.995, decimal(5, 2), overflow],
    [integer, 1000, decimal(5, 2), overflow],
    // To REAL.
    [double, 0.1, real, Math.fround(0.1)],
    [double, 1e39, real, overflow],
    [integer, 2 ** 24 + 1, real, 2 ** 24],
    // Numbers as text: never cut.
    [integer, -12, varchar(3), '-12'],
    [integer, 1234, varchar(3), castError],
    [integer, 12, char(4), '12  '],
    [decimal(5, 2), 1.5, varchar(9), '1.50'],
    [double, 1.5, varchar(9), '1.5'],
    [real, Math.fround(0.1), varchar(9), '0.1'],
    [real, Math.fround(16_777_216), varchar(9), '16777216'],
    // Text as numbers.
    [varchar(9), '12', integer, 12],
    [varchar(9), ' 12 ', integer, 12],
    [varchar(9), '12.5', integer, 13],
    [varchar(9), '1e3', integer, 1000],
    [varchar(9), '+.5', double, 0.5],
    [varchar(9), '', integer, castError],
    [varchar(9), '12a', integer, castError],
    [varchar(9), '0x10', integer, castError],
    [varchar(9), 'Infinity', double, castError],
    [varchar(9), 'NaN', double, castError],
    [varchar(9), '1_000', integer, castError],
    [varchar(9), '9999999999', integer, overflow],
    [varchar(9), '1e999', double, overflow],
    // Texts among themselves: cut or padded.
    [varchar(9), 'abcdef', varchar(3), 'abc'],
    [varchar(9), 'ab', char(4), 'ab  '],
    [char(4), 'ab  ', varchar(3), 'ab '],
    [char(4), 'ab  ', varchar(9), 'ab  '],
    // Booleans.
    [varchar(9), 'TRUE', boolean, true],
    [varchar(9), ' false', boolean, false],
    [varchar(9), '1', boolean, castError],
    [boolean, true, varchar(5), 'TRUE'],
    [boolean, false, varchar(4), castError],
    // Datetimes.
    [timestamp, at, varchar(30), '2007-02-19 21:23:45'],
    [timestamp, at + 7, varchar(30), '2007-02-19 21:23:45.007'],
    [timestamp, at, varchar(18), castError],
    [timestamp, at, char(21), '2007-02-19 21:23:45  '],
    [timestamp, at, date, Date.UTC(2007, 1, 19)],
    [timestamp, -1, date, -86_400_000],
    [timestamp, at, time, 77_025_000],
    [timestamp, -1, time, 86_399_999],
    [date, Date.UTC(2007, 1, 19), varchar(10), '2007-02-19'],
    [date, Date.UTC(2007, 1, 19), varchar(9), castError],
    [date, Date.UTC(2007, 1, 19), timestamp, Date.UTC(2007, 1, 19)],
    [time, 77_025_000, varchar(9), '21:23:45'],
    [time, 77_025_120, varchar(12), '21:23:45.120'],
    [time, 77_025_000, timestamp, 77_025_000],
    [varchar(30), '2007-02-19 21:23:45', timestamp, at],
    [varchar(30), '2007-02-19 21:23:45.0', timestamp, at],
    [varchar(30), '2007-02-19 21:23:45.123999', timestamp, at + 123],
    [varchar(30), '2007-02-19 9:23:45', timestamp, Date.UTC(2007, 1, 19, 9, 23, 45)],
    [varchar(30), '2007-02-19', timestamp, castError],
    [varchar(30), '2007-02-19 21:23', timestamp, castError],
    [varchar(30), '2007-02-19T21:23:45', timestamp, castError],
    [varchar(30), '2007/02/19 21:23:45', timestamp, castError],
    [varchar(30), '2007-02-19 21:23:45 ', timestamp, castError],
    [varchar(30), '2007-02-29 21:23:45', timestamp, castError],
    [varchar(30), '2007-02-19 24:00:00', timestamp, castError],
    [varchar(30), '2000-02-29', date, Date.UTC(2000, 1, 29)],
    [varchar(30), '1900-02-29', date, castError],
    [varchar(30), '0050-01-01', date, -60_589_296_000_000],
    [varchar(30), '23:59:59.999', time, 86_399_999],
    [varchar(30), '23:60:00', time, castError],
    // NULL stays NULL, whatever it could have been.
    [integer, null, varchar(1), null],
    [varchar(30), null, timestamp, null],
    [varchar(9), null, boolean, null],
  ];
  test.each(cases)('%j %j as %j is %j', (from, value, to, expected) => {
    expect(castable(from, to)).toBe(true);
    expect(evaluateOne(cast(literal(value, from), to))).toEqual(expected);
  });
});

test('a bare NULL becomes a NULL of any type', () => {
  for (const type of [integer, varchar(3), char(3), boolean, timestamp, decimal(5, 2)]) {
    expect(castable(nothing, type)).toBe(true);
    expect(evaluateOne(cast(bareNull, type))).toBeNull();
  }
});

test('failures pass through CAST, and NULL rows never fail', () => {
  const cells = ['x', null, failed('Earlier'), '7'];
  expect(evaluate(cast(column(0, varchar(9)), integer), [{ type: varchar(9), cells }])).toEqual([
    castError,
    null,
    failed('Earlier'),
    7,
  ]);
});

test('where no cast is needed, the value is one of the other type already', () => {
  const numbers = [tinyint, smallint, integer, bigint, decimal(4, 1), decimal(7, 2), real, double];
  const values = fc.oneof(fc.integer({ min: -300, max: 300 }), fc.double({ min: -1e5, max: 1e5, noNaN: true }));
  fc.assert(
    fc.property(fc.constantFrom(...numbers), fc.constantFrom(...numbers), values, (from, to, value) => {
      fc.pre(!needsCast(from, to));
      const [held] = evaluate(cast(column(0, double), from), [{ type: double, cells: [value] }]);
      fc.pre(typeof held === 'number');
      // A detour over another type, so that the conversion to `to` really happens.
      expect(evaluate(cast(column(0, { kind: 'double' }), to), [{ type: double, cells: [held!] }])).toEqual([held]);
    }),
  );
});

test('a TIMESTAMP written as text reads back', () => {
  const times = fc.integer({ min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) });
  fc.assert(
    fc.property(times, (t) => {
      expect(evaluateOne(cast(cast(literal(t, timestamp), varchar(30)), timestamp))).toBe(t);
    }),
  );
});
