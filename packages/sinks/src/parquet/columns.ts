import type { Field, Schema, SqlType } from '@rowtime/core';
import type { SchemaElement } from 'hyparquet';

/** A column as it lies in a Parquet file, and between rows in the spool (spool-rows.ts). */
export interface ParquetColumn {
  readonly name: string;
  readonly stored: Stored;
  readonly element: SchemaElement;
}

/** What a value is made of: numbers and instants are numbers or bigints, texts and bytes are bytes with their length. Numbers of
 *  DECIMAL are units (core, exact.ts): whole numbers of 10^-scale. */
export type Stored =
  | { readonly kind: 'bool' | 'int32' | 'float' | 'double' | 'text' | 'bytes' }
  | { readonly kind: 'int64'; readonly scale: number }
  | { readonly kind: 'days' | 'clock' };

/** The columns of a stream, ROWTIME before them if it is wanted and no column has its name. Every column but ROWTIME is
 *  OPTIONAL, NOT NULL or not: files of one stream have one schema, also after the program was changed. */
export function parquetColumns(schema: Schema, hasRowtime: boolean): ParquetColumn[] {
  const columns = schema.map(({ name, type }) => column(name, type));
  const ownRowtime = hasRowtime && !schema.some(({ name }) => name === rowtimeField.name);
  return ownRowtime ? [column(rowtimeField.name, rowtimeField.type, 'REQUIRED'), ...columns] : columns;
}

const rowtimeField: Field = { name: 'ROWTIME', type: { kind: 'timestamp' }, nullable: false };

function column(name: string, type: SqlType, repetition_type: 'OPTIONAL' | 'REQUIRED' = 'OPTIONAL'): ParquetColumn {
  const { stored, element } = typeOf(type);
  return { name, stored, element: { name, repetition_type, ...element } };
}

/** Types as the Parquet format has them (apache/parquet-format, LogicalTypes.md), each with the older annotation too, which is
 *  all that some readers know. Times of the service are UTC. */
function typeOf(type: SqlType): { readonly stored: Stored; readonly element: Omit<SchemaElement, 'name'> } {
  switch (type.kind) {
    case 'boolean':
      return { stored: { kind: 'bool' }, element: { type: 'BOOLEAN' } };
    case 'char':
    case 'varchar':
      return {
        stored: { kind: 'text' },
        element: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
      };
    case 'binary':
    case 'varbinary':
      return { stored: { kind: 'bytes' }, element: { type: 'BYTE_ARRAY' } };
    case 'real':
      return { stored: { kind: 'float' }, element: { type: 'FLOAT' } };
    case 'double':
      return { stored: { kind: 'double' }, element: { type: 'DOUBLE' } };
    case 'decimal':
      return { stored: { kind: 'int64', scale: type.scale }, element: decimalElement(type.precision, type.scale) };
    case 'bigint':
      return { stored: { kind: 'int64', scale: 0 }, element: { type: 'INT64' } };
    case 'timestamp':
      return {
        stored: { kind: 'int64', scale: 0 },
        element: {
          type: 'INT64',
          converted_type: 'TIMESTAMP_MILLIS',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        },
      };
    case 'date':
      return {
        stored: { kind: 'days' },
        element: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
      };
    case 'time':
      return {
        stored: { kind: 'clock' },
        element: {
          type: 'INT32',
          converted_type: 'TIME_MILLIS',
          logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MILLIS' },
        },
      };
    case 'interval':
      // Plain numbers, as in JSON: Parquet's INTERVAL is read by few.
      return type.unit === 'month'
        ? { stored: { kind: 'int32' }, element: { type: 'INT32' } }
        : { stored: { kind: 'int64', scale: 0 }, element: { type: 'INT64' } };
    default:
      return { stored: { kind: 'int32' }, element: { type: 'INT32' } };
  }
}

/** The smallest type that may hold the precision: the format allows 9 digits in INT32 and 18 in INT64. */
function decimalElement(precision: number, scale: number): Omit<SchemaElement, 'name'> {
  const annotation = { converted_type: 'DECIMAL', precision, scale } as const;
  const logical = { logical_type: { type: 'DECIMAL', precision, scale } } as const;
  if (precision <= 9) return { type: 'INT32', ...annotation, ...logical };
  if (precision <= 18) return { type: 'INT64', ...annotation, ...logical };
  return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: bytesOf19Digits, ...annotation, ...logical };
}

const bytesOf19Digits = 9;
