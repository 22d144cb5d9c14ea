import { check as checkProgram, frame, placeOf, type SqlError } from '@rowtime/sql';
import { exitCodes } from './exit.ts';
import { painter } from './paint.ts';
import { programInputs, type SchemaFlags } from './program-inputs.ts';

export interface CheckOptions extends SchemaFlags {
  readonly json?: boolean;
}

/** `rowtime check`: every error of a program on standard output. */
export async function check(file: string, sql: string, options: CheckOptions): Promise<void> {
  const { inputs, tables } = await programInputs(options, file);
  const stream = options.stream ?? 'SOURCE_SQL_STREAM_001';
  const checked = checkProgram(sql, { inputs: inputs ?? {}, ...(tables && { tables }) }, inputs ? [] : [stream]);
  const { errors, unchecked } = checked;
  if (errors.length > 0) process.exitCode = exitCodes.usage;
  if (options.json) {
    const printed = { file, errors: errors.map((error) => plain(sql, error)), unchecked };
    process.stdout.write(`${JSON.stringify(printed, null, 2)}\n`);
    return;
  }
  for (const error of errors) process.stdout.write(`${printError(file, sql, error)}\n\n`);
  const found = errors.length === 1 ? '1 error' : `${errors.length || 'no'} errors`;
  process.stderr.write(`${file}: ${found}\n`);
  if (unchecked.length > 0) {
    const pumps = unchecked.map(({ pump }) => pump).join(', ');
    process.stderr.write(
      `only the syntax of ${pumps} was checked: the columns of ${stream} are not known; name them with --schema, or --input\n`,
    );
  }
}

export function printError(file: string, sql: string, error: SqlError): string {
  const { line, column } = placeOf(sql, error.span.from);
  const paint = painter(process.stdout);
  const lines = frame(sql, error).split('\n');
  const painted = lines.map((text, i) => {
    if (i === 0) return paint('red', error.code) + text.slice(error.code.length);
    if (i === 2) return text.replace(/\^+/, (carets) => paint('red', carets));
    return text.startsWith('hint: ') ? paint('cyan', 'hint') + text.slice(4) : text;
  });
  return [paint('bold', `${file}:${line}:${column}`), ...painted].join('\n');
}

/** The error as JSON: lines and columns from 1, offsets in UTF-16 units. */
export function plain(sql: string, { code, message, hint, span }: SqlError): unknown {
  const place = (offset: number): unknown => ({ ...placeOf(sql, offset), offset });
  return { code, message, hint, from: place(span.from), to: place(span.to) };
}
