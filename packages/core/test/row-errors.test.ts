import { expect, test } from 'vitest';
import { toRows } from '../src/batch.ts';
import { Failures } from '../src/expr.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import { boolean, integer, timestamp, varchar } from './expressions.ts';
import { batchOf, schemaOf } from './rows.ts';

const schema = schemaOf({ a: integer, b: boolean, s: varchar(9), t: timestamp });
const batch = batchOf(schema, [70, 1, true, 'é', 5], [80, null, null, null, null]);

test('an error row has the columns of AWS, the time of its row, and the row as hex of JSON', () => {
  const errors = new RowErrors('MY_PUMP');
  errors.report({ name: 'DivisionByZero', message: 'division by zero' }, schema, batch, 0);
  const [row] = toRows(errorStreamSchema, errors.take()!);
  const data = Buffer.from('{"a":1,"b":true,"s":"é","t":5}').toString('hex').toUpperCase();
  expect(row).toEqual({
    rowtime: 70,
    row: {
      ERROR_TIME: 70,
      ERROR_LEVEL: 'ERROR',
      ERROR_NAME: 'DivisionByZero',
      MESSAGE: 'division by zero',
      DATA_ROWTIME: 70,
      DATA_ROW: data,
      PUMP_NAME: 'MY_PUMP',
    },
  });
});

test('rows are taken in the order of report, and once', () => {
  const errors = new RowErrors(null);
  expect(errors.take()).toBeNull();
  errors.report({ name: 'A', message: 'a' }, schema, batch, 0);
  errors.report({ name: 'B', message: 'b' }, schema, batch, 1);
  const taken = toRows(errorStreamSchema, errors.take()!);
  expect(taken.map(({ rowtime, row }) => [rowtime, row['ERROR_NAME'], row['PUMP_NAME']])).toEqual([
    [70, 'A', null],
    [80, 'B', null],
  ]);
  expect(errors.take()).toBeNull();
  errors.report({ name: 'C', message: 'c' }, schema, batch, 0);
  expect(errors.take()?.length).toBe(1);
});

test('texts and bytes are cut to what the columns hold', () => {
  const errors = new RowErrors(null);
  errors.reportBytes('N'.repeat(99), 'm'.repeat(9_999), 1, new Uint8Array(99_999).fill(255));
  const { row } = toRows(errorStreamSchema, errors.take()!)[0]!;
  expect([row['ERROR_NAME'], row['MESSAGE'], row['DATA_ROW']].map((text) => String(text).length)).toEqual([
    32, 4_096, 49_152,
  ]);
  expect(row['DATA_ROW']).toBe('F'.repeat(49_152));
});

test('more kinds of failure than a byte can number share the last number', () => {
  const failures = new Failures();
  const numbers = Array.from({ length: 300 }, (_, i) => failures.number('Failure', `message ${i}`));
  expect(numbers[0]).toBe(3); // 2 is the one that every operator has
  expect(failures.number('Failure', 'message 0')).toBe(3);
  expect(Math.max(...numbers)).toBe(255);
  expect(failures.get(255).message).toBe('message 252');
});
