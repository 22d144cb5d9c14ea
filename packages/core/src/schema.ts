/** A SQL type of the dialect (AWS SQL reference, "Data Types"). Says what a column's numbers or texts mean. */
export type SqlType =
  | { readonly kind: 'tinyint' | 'smallint' | 'integer' | 'bigint' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'real' | 'double' }
  | { readonly kind: 'boolean' }
  /** `length` null: VARCHAR written without one. */
  | { readonly kind: 'char' | 'varchar'; readonly length: number | null }
  /** Bytes travel as upper-case hex text. */
  | { readonly kind: 'binary' | 'varbinary'; readonly length: number | null }
  | { readonly kind: 'date' | 'time' | 'timestamp' }
  /** Day-time intervals are milliseconds, year-month intervals are months. `fields`: the first and the last field, which
   *  say how the value is printed; without them DAY TO SECOND or YEAR TO MONTH. */
  | { readonly kind: 'interval'; readonly unit: 'millisecond' | 'month'; readonly fields?: IntervalFields }
  /** The type of a bare NULL: fits every other. */
  | { readonly kind: 'null' };

export type IntervalField = 'YEAR' | 'MONTH' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND';

/** MINUTE TO SECOND is ['MINUTE', 'SECOND'], DAY is ['DAY', 'DAY']. */
export type IntervalFields = readonly [first: IntervalField, last: IntervalField];

/** A column of a schema: its catalog name (already upper-cased if it was not quoted) and type. */
export interface Field {
  readonly name: string;
  readonly type: SqlType;
  /** False only for NOT NULL columns. */
  readonly nullable: boolean;
}

/** The columns of a stream, in order. ROWTIME is not one of them: every batch has it. */
export type Schema = readonly Field[];

/** How a column of a type is stored: see column.ts. */
export type ColumnKind = 'num' | 'bool' | 'text';

export function columnKind(type: SqlType): ColumnKind {
  switch (type.kind) {
    case 'boolean':
      return 'bool';
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return 'text';
    default:
      return 'num';
  }
}

/** The type as SQL writes it. */
export function printType(type: SqlType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return type.kind.toUpperCase() + (type.length === null ? '' : `(${type.length})`);
    case 'interval': {
      const [first, last] = intervalFields(type);
      return first === last ? `INTERVAL ${first}` : `INTERVAL ${first} TO ${last}`;
    }
    default:
      return type.kind.toUpperCase();
  }
}

export function intervalFields({ unit, fields }: Extract<SqlType, { kind: 'interval' }>): IntervalFields {
  return fields ?? (unit === 'month' ? ['YEAR', 'MONTH'] : ['DAY', 'SECOND']);
}

export function isInteger(type: SqlType): boolean {
  return type.kind === 'tinyint' || type.kind === 'smallint' || type.kind === 'integer' || type.kind === 'bigint';
}

export function isNumeric(type: SqlType): boolean {
  return isInteger(type) || type.kind === 'decimal' || type.kind === 'real' || type.kind === 'double';
}

export function isText(type: SqlType): boolean {
  return type.kind === 'char' || type.kind === 'varchar';
}

export function isBinary(type: SqlType): boolean {
  return type.kind === 'binary' || type.kind === 'varbinary';
}

export function isDatetime(type: SqlType): boolean {
  return type.kind === 'date' || type.kind === 'time' || type.kind === 'timestamp';
}
