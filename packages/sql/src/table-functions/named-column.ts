import type { Schema, Value } from '@rowtime/core';
import type { Span } from '../ast.ts';
import { SqlError } from '../errors.ts';
import { suggest } from '../suggest.ts';

/** The index of the column that a text names: the one spelled so, else the one that the text would name in SQL without
 *  quotation marks. AWS does not say; its programs spell the name as the catalog has it. */
export function namedColumn(fn: string, input: Schema, name: Value, span: Span): number {
  const index = columnNamed(input, name);
  if (index >= 0) return index;
  const near = suggest(
    String(name),
    input.map((field) => field.name),
  );
  throw new SqlError(
    'SQL_UNKNOWN_COLUMN',
    `the query of ${fn} has no column ${name}`,
    span,
    near ? `did you mean '${near}'?` : `it has ${input.map((field) => field.name).join(', ')}`,
  );
}

/** The same for a name that was bound; negative if there is none. */
export function columnNamed(input: Schema, name: Value): number {
  const exact = input.findIndex((field) => field.name === name);
  return exact >= 0 ? exact : input.findIndex((field) => field.name === String(name).toUpperCase());
}
