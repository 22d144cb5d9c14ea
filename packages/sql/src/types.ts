import { intervalType, type SqlType } from '@rowtime/core';
import type { TypeName } from './ast.ts';
import { SqlError } from './errors.ts';

/** The SQL type of a type name; checks the limits (AWS SQL reference, "Data Types"). */
export function typeOf(name: TypeName): SqlType {
  const { precision, scale } = name;
  switch (name.name) {
    case 'TINYINT':
      return { kind: 'tinyint' };
    case 'SMALLINT':
      return { kind: 'smallint' };
    case 'INTEGER':
      return { kind: 'integer' };
    case 'BIGINT':
      return { kind: 'bigint' };
    case 'REAL':
      return { kind: 'real' };
    case 'DOUBLE':
      return { kind: 'double' };
    case 'BOOLEAN':
      return { kind: 'boolean' };
    case 'DATE':
      return { kind: 'date' };
    case 'TIME':
      return { kind: 'time' };
    case 'TIMESTAMP':
      return { kind: 'timestamp' };
    case 'DECIMAL':
      return decimal(name, precision ?? 18, scale ?? 0);
    case 'CHAR':
      return { kind: 'char', length: length(name, precision ?? 1) };
    case 'VARCHAR':
      return { kind: 'varchar', length: length(name, precision) };
    case 'BINARY':
      return { kind: 'binary', length: length(name, precision ?? 1) };
    case 'VARBINARY':
      return { kind: 'varbinary', length: length(name, precision) };
    case 'INTERVAL':
      return name.qualifier
        ? intervalType(name.qualifier.start, name.qualifier.end ?? name.qualifier.start)
        : { kind: 'interval', unit: 'millisecond' };
  }
}

function length(name: TypeName, value: number | null): number | null {
  if (value === null || (value > 0 && value <= 65535)) return value;
  throw new SqlError('SQL_TYPE', `the length of ${name.name} is ${value}`, name.span, 'a length is 1 to 65535');
}

function decimal(name: TypeName, precision: number, scale: number): SqlType {
  if (precision < 1 || precision > 19 || scale < 0 || scale > precision) {
    throw new SqlError(
      'SQL_TYPE',
      `DECIMAL(${precision},${scale}) is out of range`,
      name.span,
      'the precision is 1 to 19, the scale at most the precision',
    );
  }
  return { kind: 'decimal', precision, scale };
}
