import type { Row, Schema, SqlType } from '@rowtime/core';

/** A column of every type that differs in a Parquet file. */
export const types: readonly (readonly [string, SqlType])[] = [
  ['TINY', { kind: 'tinyint' }],
  ['INT', { kind: 'integer' }],
  ['BIG', { kind: 'bigint' }],
  ['PRICE', { kind: 'decimal', precision: 9, scale: 2 }],
  ['LONG_PRICE', { kind: 'decimal', precision: 18, scale: 4 }],
  ['LONGEST_PRICE', { kind: 'decimal', precision: 19, scale: 0 }],
  ['REAL', { kind: 'real' }],
  ['DOUBLE', { kind: 'double' }],
  ['FLAG', { kind: 'boolean' }],
  ['TEXT', { kind: 'varchar', length: null }],
  ['BYTES', { kind: 'varbinary', length: null }],
  ['DAY', { kind: 'date' }],
  ['CLOCK', { kind: 'time' }],
  ['AT', { kind: 'timestamp' }],
  ['LASTS', { kind: 'interval', unit: 'millisecond' }],
];
export const everything: Schema = types.map(([name, type]) => ({ name, type, nullable: true }));

export const values: Row = {
  TINY: -5,
  INT: -(2 ** 31),
  BIG: '9223372036854775807',
  PRICE: -33.25,
  LONG_PRICE: '99999999999999.9999',
  LONGEST_PRICE: '-9223372036854775808',
  REAL: 0.5,
  DOUBLE: 1e300,
  FLAG: true,
  TEXT: '\ufeffGrüße 🐟',
  BYTES: 'CAFE00',
  DAY: Date.UTC(2024, 1, 29),
  CLOCK: 3_723_004,
  AT: Date.UTC(2024, 1, 29, 1, 2, 3, 4),
  LASTS: 90_000,
};
export const nulls: Row = Object.fromEntries(types.map(([name]) => [name, null]));
