import { upgrade } from '@rowtime/core';
import { type CompileOptions, compile, frame, SqlError } from '@rowtime/sql';
import { readApplication } from './application/read.ts';
import { compileOptions } from './check-application.ts';
import { newestCheckpoint } from './checkpoints/find.ts';
import { checkpointPlace } from './checkpoints/place.ts';
import { CommandError, exitCodes } from './exit.ts';
import { programInputs, type SchemaFlags } from './program-inputs.ts';
import { linesOf, printedChange } from './state-change.ts';

export interface ExplainOptions extends SchemaFlags {
  readonly json?: boolean;
  /** Where checkpoints are; true: those of the application itself. */
  readonly checkpoint?: string | true;
}

/** `rowtime explain`: the plan of a program, or what it would keep of the state in a checkpoint. */
export async function explain(file: string, readProgram: () => string, options: ExplainOptions): Promise<void> {
  const { sql, name, inputs, tables, seed } = file.endsWith('.json')
    ? ofApplication(file)
    : await ofProgram(file, readProgram, options);
  const compiled = compiledOf(sql, name, {
    inputs,
    ...(tables && { tables }),
    ...(seed !== undefined && { seed }),
    now: 0,
  });
  const { checkpoint, json } = options;
  if (checkpoint !== undefined) {
    const place = checkpoint === true ? file : checkpoint;
    if (place === file && !file.endsWith('.json'))
      throw new CommandError(
        '--checkpoint needs a folder: a program alone does not say where its checkpoints are',
        exitCodes.usage,
      );
    await explainUpgrade(place, compiled.graph(), json === true);
    return;
  }
  const { streams, pumps, explain: text } = compiled;
  // Exact numbers may be BigInts, which JSON does not know.
  const number = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  process.stdout.write(`${json ? JSON.stringify({ streams, pumps }, number, 2) : text()}\n`);
}

interface Explained extends Pick<CompileOptions, 'inputs' | 'tables' | 'seed'> {
  readonly sql: string;
  /** For messages. */
  readonly name: string;
}

/** Reference tables have no rows here: neither a plan nor a checkpoint depends on them. */
function ofApplication(file: string): Explained {
  const read = readApplication(file);
  return { ...compileOptions(file, read), sql: read.application.ApplicationCode, name: `${file}: ApplicationCode` };
}

async function ofProgram(file: string, readProgram: () => string, options: SchemaFlags): Promise<Explained> {
  const sql = readProgram();
  const { inputs, tables } = await programInputs(options, file);
  if (!inputs) {
    throw new CommandError(
      'rowtime explain needs the columns of the input: --schema <file>, or --input <path>',
      exitCodes.usage,
    );
  }
  return { sql, name: file, inputs, ...(tables && { tables }) };
}

function compiledOf(sql: string, name: string, options: CompileOptions): ReturnType<typeof compile> {
  try {
    return compile(sql, options);
  } catch (error) {
    if (error instanceof SqlError) throw new CommandError(`${name}\n${frame(sql, error)}`, exitCodes.usage);
    throw error;
  }
}

async function explainUpgrade(
  place: string,
  graph: ReturnType<ReturnType<typeof compile>['graph']>,
  json: boolean,
): Promise<void> {
  const { folder } = checkpointPlace(place);
  const { number, checkpoint } = await newestCheckpoint(folder);
  const { isSame, ...found } = upgrade(checkpoint, graph.describe());
  const printed = printedChange({ ...found, retired: [], saved: checkpoint.plan, current: graph.plan });
  const isRefused = found.inputs.length > 0 || found.lost.length > 0;
  if (isRefused) process.exitCode = exitCodes.checkpoint;
  if (json) {
    const { changed, kept, lost } = printed;
    process.stdout.write(`${JSON.stringify({ checkpoint: number, isRefused, changed, kept, lost }, null, 2)}\n`);
    return;
  }
  const verdict =
    found.inputs.length > 0
      ? 'was taken with another input'
      : found.lost.length > 0
        ? 'has state that this program has no place for'
        : isSame
          ? 'is one of this program'
          : 'has no state that would be lost';
  process.stdout.write(`${[`checkpoint ${number} in ${folder} ${verdict}`, ...linesOf(printed)].join('\n')}\n`);
}
