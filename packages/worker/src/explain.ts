import { compile } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';
import { programInputs, type SchemaFlags } from './program-inputs.ts';

export interface ExplainOptions extends SchemaFlags {
  readonly json?: boolean;
}

/** `rowtime explain`: the plan of a program. */
export async function explain(file: string, sql: string, options: ExplainOptions): Promise<void> {
  const { inputs, tables } = await programInputs(options, file);
  if (!inputs) {
    throw new CommandError(
      'rowtime explain needs the columns of the input: --schema <file>, or --input <path>',
      exitCodes.usage,
    );
  }
  const { streams, pumps, explain: text } = compile(sql, { inputs, ...(tables && { tables }) });
  // Exact numbers may be BigInts, which JSON does not know.
  const number = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  process.stdout.write(`${options.json ? JSON.stringify({ streams, pumps }, number, 2) : text()}\n`);
}
