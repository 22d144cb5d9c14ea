import { ArgumentError, type Expr, type Schema } from '@rowtime/core';

/** A function that takes a text apart into a record. A query reads its fields: t.r.COLUMN1. */
export interface RecordFunction {
  readonly name: string;
  readonly doc: string;
  /** null: it does not take these arguments. All but the first, the text, are constants. */
  bind(args: readonly Expr[]): BoundRecord | null;
}

export interface BoundRecord {
  readonly fields: Schema;
  /** The text of each field, null where there is none; null if the text as a whole does not match. They become values as
   *  by CAST, or by CHAR_TO_TIMESTAMP and its like where the field has a format. */
  parse(text: string): readonly (string | null)[] | null;
  readonly formats?: readonly (string | null)[];
}

/** COLUMN1, COLUMN2, …: VARCHAR(1024), as the reference says of all parsers. */
export function defaultFields(count: number): Schema {
  return Array.from({ length: count }, (_, i) => ({
    name: `COLUMN${i + 1}`,
    type: { kind: 'varchar', length: fieldLengthMax },
    nullable: true,
  }));
}

const fieldLengthMax = 1024;

/** The constant text of an argument. */
export function constantText(args: readonly Expr[], argument: number, what: string): string {
  const arg = args[argument];
  if (arg?.kind === 'literal' && typeof arg.value === 'string') return arg.value;
  throw new ArgumentError(`${what} is a constant text`, argument);
}
