import { type Batch, fromRows, type Schema, type SqlType, slice, type Value } from '@rowtime/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonEncoder, type JsonOptions } from '../src/encode/json.ts';

// features: F206

function encode(schema: Schema, batch: Batch, options?: JsonOptions): string[] {
  const { bytes, ends } = createJsonEncoder(schema, options).encode(batch);
  expect(ends.length).toBe(batch.length);
  return Array.from(ends, (end, i) => Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1], end)).toString());
}

/** The text of the values as one column has them. */
function texts(type: SqlType, values: readonly Value[]): string[] {
  const schema: Schema = [{ name: 'v', type, nullable: true }];
  const batch = fromRows(
    schema,
    values.map((v) => ({ rowtime: 0, row: { v } })),
  );
  return encode(schema, batch).map((row) => /^\{"v":(.*)\}$/s.exec(row)?.[1] ?? row);
}

const double: SqlType = { kind: 'double' };
const varchar: SqlType = { kind: 'varchar', length: null };

describe('a row', () => {
  const schema: Schema = [
    { name: 'TICKER', type: varchar, nullable: true },
    { name: 'price "x"', type: double, nullable: true },
    { name: '__proto__', type: { kind: 'boolean' }, nullable: true },
  ];
  const rows = [
    { rowtime: Date.UTC(2024, 0, 1, 0, 1), row: { TICKER: 'AMZN', 'price "x"': 33.1, ['__proto__']: true } },
    { rowtime: Date.UTC(2024, 0, 1, 23, 59, 59, 999), row: {} },
    { rowtime: Date.UTC(2024, 0, 2, 0, 0, 0, 7), row: { TICKER: 'AMZN', 'price "x"': -5, ['__proto__']: false } },
  ];
  const batch = fromRows(schema, rows);

  test('has its keys in schema order, nothing around it', () => {
    expect(encode(schema, batch)).toEqual([
      '{"TICKER":"AMZN","price \\"x\\"":33.1,"__proto__":true}',
      '{"TICKER":null,"price \\"x\\"":null,"__proto__":null}',
      '{"TICKER":"AMZN","price \\"x\\"":-5,"__proto__":false}',
    ]);
  });

  test('has ROWTIME first where asked for, then a delimiter', () => {
    expect(encode(schema.slice(0, 1), batch, { rowtime: 'iso', delimiter: '\n' })).toEqual([
      '{"ROWTIME":"2024-01-01T00:01:00.000Z","TICKER":"AMZN"}\n',
      '{"ROWTIME":"2024-01-01T23:59:59.999Z","TICKER":null}\n',
      '{"ROWTIME":"2024-01-02T00:00:00.007Z","TICKER":"AMZN"}\n',
    ]);
  });

  test('has one ROWTIME, the column, where the program selected it', () => {
    const own: Schema = [{ name: 'ROWTIME', type: { kind: 'timestamp' }, nullable: true }];
    const one = fromRows(own, [{ rowtime: 60_000, row: { ROWTIME: 0 } }]);
    expect(encode(own, one, { rowtime: 'iso' })).toEqual(['{"ROWTIME":"1970-01-01 00:00:00.000"}']);
  });

  test('of no columns is an empty object', () => {
    expect(encode([], batch)).toEqual(['{}', '{}', '{}']);
    expect(encode([], slice(batch, 0, 1), { rowtime: 'iso' })).toEqual(['{"ROWTIME":"2024-01-01T00:01:00.000Z"}']);
  });

  test('of a slice needs only the texts that occur', () => {
    const names = Array.from({ length: 500 }, (_, i) => ({ rowtime: i, row: { TICKER: `name ${i}` } }));
    const some = slice(fromRows(schema.slice(0, 1), names), 498, 500);
    expect(encode(schema.slice(0, 1), some)).toEqual(['{"TICKER":"name 498"}', '{"TICKER":"name 499"}']);
  });

  test('of any text is what JSON.stringify gives, from one batch to the next', () => {
    const encoder = createJsonEncoder(schema.slice(0, 1));
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('\ud800', 'a\udc00', '\u2028', '\x7f', '"', '\\', '\n', '\0', 'é'.repeat(5000)),
    );
    fc.assert(
      fc.property(fc.array(fc.option(text), { minLength: 1 }), (values) => {
        const { bytes } = encoder.encode(
          fromRows(
            schema.slice(0, 1),
            values.map((TICKER) => ({ rowtime: 0, row: { TICKER } })),
          ),
        );
        expect(Buffer.from(bytes).toString()).toBe(values.map((TICKER) => JSON.stringify({ TICKER })).join(''));
      }),
    );
  });
});

describe('a number', () => {
  test('of type DOUBLE has the text that JSON.stringify gives', () => {
    const some = [
      0,
      -0,
      1,
      -1,
      9,
      10,
      99,
      100,
      12345,
      999_999_999,
      1e9,
      1e9 + 1,
      123456789012,
      2 ** 53,
      1e20,
      1e21,
      1e300,
    ];
    const more = [
      0.1,
      -0.1,
      33.1,
      0.5,
      1e-7,
      5e-324,
      1.7976931348623157e308,
      0.1 + 0.2,
      1 / 3,
      1234567.8901,
      99999999999.9999,
    ];
    const none = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const values = [...some, ...more, ...none];
    expect(texts(double, values)).toEqual(values.map((value) => JSON.stringify(value)));
  });

  test('of type DOUBLE has the text that JSON.stringify gives, whatever it is', () => {
    const decimal = fc.tuple(fc.maxSafeInteger(), fc.nat(8)).map(([m, digits]) => m / 10 ** digits);
    const short = fc.tuple(fc.integer(), fc.nat(6)).map(([m, digits]) => m / 10 ** digits);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double(), decimal, short), { minLength: 100, maxLength: 200 }), (values) => {
        expect(texts(double, values)).toEqual(values.map((value) => JSON.stringify(value)));
      }),
      { numRuns: 300 },
    );
  });

  test('of an integer type is an integer', () => {
    expect(texts({ kind: 'bigint' }, [0, -128, 2147483648, 9007199254740991, -(2 ** 53), 9.2e18, null])).toEqual([
      '0',
      '-128',
      '2147483648',
      '9007199254740991',
      '-9007199254740992',
      '9200000000000000000',
      'null',
    ]);
  });

  test('of type DECIMAL has the digits of its scale', () => {
    const decimal = (scale: number): SqlType => ({ kind: 'decimal', precision: 18, scale });
    expect(texts(decimal(2), [1.5, 0, -0.07, 1.006, -0.001, 1e15, 12345678901.23])).toEqual([
      '1.50',
      '0.00',
      '-0.07',
      '1.01',
      '0.00',
      '1000000000000000.00',
      '12345678901.23',
    ]);
    expect(texts(decimal(0), [5, -7, 123456789012345])).toEqual(['5', '-7', '123456789012345']);
    expect(texts(decimal(5), [0.1 + 0.2, 99999.99999])).toEqual(['0.30000', '99999.99999']);
  });

  test('beyond what a double holds has all its digits', () => {
    const bigint: SqlType = { kind: 'bigint' };
    const wide: SqlType = { kind: 'decimal', precision: 19, scale: 5 };
    const digits = ['9223372036854775807', '-9223372036854775808', '9007199254740993', '12'];
    expect(texts(bigint, [...digits, null, 5])).toEqual([...digits, 'null', '5']);
    expect(texts(wide, ['12345678901234.56789', '-0.00001', 0.5, null])).toEqual([
      '12345678901234.56789',
      '-0.00001',
      '0.50000',
      'null',
    ]);
  });

  test('of type DECIMAL is the decimal that it was made from', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e14, max: 1e14 }), fc.integer({ min: 1, max: 10 }), (m, scale) => {
        const digits = String(Math.abs(m)).padStart(scale + 1, '0');
        const expected = `${m < 0 ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
        expect(texts({ kind: 'decimal', precision: 18, scale }, [Number(expected)])).toEqual([expected]);
      }),
      { numRuns: 1000 },
    );
  });

  test('of type REAL has the fewest digits that give the 32-bit float back', () => {
    const values = [0.1, 16777216, 1.5, 3.4028234663852886e38, 1e-45, 1.17549435e-38, 0.3, 33554433, -2.7182817].map(
      Math.fround,
    );
    expect(texts({ kind: 'real' }, values)).toEqual([
      '0.1',
      '16777216',
      '1.5',
      '3.4028235e+38',
      '1e-45',
      '1.1754944e-38',
      '0.3',
      '33554432',
      '-2.7182817',
    ]);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const [text] = texts({ kind: 'real' }, [value]);
        expect(Math.fround(Number(text))).toBe(value === 0 ? 0 : value);
        expect(text!.replace(/e.*|\D/g, '').length).toBeLessThanOrEqual(JSON.stringify(value).length);
      }),
    );
  });
});

describe('a time', () => {
  const moments = [0, -1, 59_999, Date.UTC(2000, 1, 29, 12, 34, 56, 789), Date.UTC(1900, 2, 1), Date.UTC(9999, 11, 31)];

  test('of type TIMESTAMP is yyyy-MM-dd HH:mm:ss.SSS', () => {
    const expected = moments.map((ms) => JSON.stringify(new Date(ms).toISOString().replace('T', ' ').replace('Z', '')));
    expect(texts({ kind: 'timestamp' }, moments)).toEqual(expected);
  });

  test('of any moment of the calendar is as Date has it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (ms) => {
        const iso = new Date(ms).toISOString();
        expect(texts({ kind: 'timestamp' }, [ms])).toEqual([JSON.stringify(iso.replace('T', ' ').replace('Z', ''))]);
        expect(texts({ kind: 'date' }, [ms])).toEqual([JSON.stringify(iso.slice(0, iso.indexOf('T')))]);
        expect(texts({ kind: 'time' }, [ms])).toEqual([JSON.stringify(iso.slice(-13, -1))]);
      }),
      { numRuns: 1000 },
    );
  });

  test('outside of the calendar is null', () => {
    expect(texts({ kind: 'timestamp' }, [9e15, -1e300, Number.NaN])).toEqual(['null', 'null', 'null']);
  });
});

test('BINARY is base64', () => {
  expect(texts({ kind: 'varbinary', length: 4 }, ['00FF10', '', null])).toEqual(['"AP8Q"', '""', 'null']);
});
