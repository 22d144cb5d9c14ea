import { ArgumentError, DateFormat, type Field, isDatetime } from '@rowtime/core';
import { SqlError } from '../../errors.ts';
import { parseExpr } from '../../parser.ts';
import { typeOf } from '../../types.ts';

/** `NAME TYPE type [NOT NULL] ['format'] [START n [FOR m]]`. */
export interface ColumnDescription {
  readonly field: Field;
  /** Of a DATE, TIME or TIMESTAMP: a pattern of SimpleDateFormat. */
  readonly format: string | null;
  readonly start: number | null;
  readonly length: number | null;
}

/** The column list of FIXED_COLUMN_LOG_PARSE and VARIABLE_COLUMN_LOG_PARSE, which is a text; that of REGEX_LOG_PARSE leaves
 *  TYPE out, and may leave out the type. */
export function columnList(text: string, argument: number): ColumnDescription[] {
  return splitOutside(text).map((part) => column(part, argument));
}

const description =
  /^\s*(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*))(?:\s+TYPE\b)?\s*([A-Za-z][A-Za-z ]*?(?:\s*\([\d\s,]*\))?)?(\s+NOT\s+NULL)?(?:\s*'((?:[^']|'')*)')?(\s+NOT\s+NULL)?(?:\s+START\s+(\d+)(?:\s+FOR\s+(\d+))?)?\s*$/i;

function column(text: string, argument: number): ColumnDescription {
  const match = description.exec(text);
  if (!match)
    throw new ArgumentError(`'${text.trim()}' does not describe a column: write NAME TYPE VARCHAR(16)`, argument);
  const [, quoted, plain, type, notNullBefore, format, notNullAfter, start, length] = match;
  const field: Field = {
    name: quoted?.replaceAll('""', '"') ?? plain?.toUpperCase() ?? '',
    type: typeFrom(type ?? 'VARCHAR(1024)', argument),
    nullable: notNullBefore === undefined && notNullAfter === undefined,
  };
  if (format !== undefined && !isDatetime(field.type)) {
    throw new ArgumentError(`column ${field.name} has a format and is no DATE, TIME or TIMESTAMP`, argument);
  }
  if (format !== undefined) checkFormat(format.replaceAll("''", "'"), argument);
  return {
    field,
    format: format?.replaceAll("''", "'") ?? null,
    start: start === undefined ? null : Number(start),
    length: length === undefined ? null : Number(length),
  };
}

function checkFormat(format: string, argument: number): void {
  try {
    new DateFormat(format);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ArgumentError(`'${format}' is not a datetime format: ${error.message}`, argument);
  }
}

function typeFrom(text: string, argument: number): Field['type'] {
  try {
    const cast = parseExpr(`CAST(NULL AS ${text})`);
    if (cast.kind === 'cast') return typeOf(cast.type);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
  }
  throw new ArgumentError(`there is no type ${text}`, argument);
}

/** The parts between commas that are not in quotes or parentheses. */
function splitOutside(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"|'[^']*'|\([^)]*\)|[^,"'(])+/g);
  return parts ?? [text];
}
