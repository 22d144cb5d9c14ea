import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Progress, run as runJob } from '@rowtime/core';
import { fileSink } from '@rowtime/sinks/file';
import { stdoutSink } from '@rowtime/sinks/stdout';
import type { InputSchema } from '@rowtime/sources/decoder';
import { fileSource } from '@rowtime/sources/file';
import { compile } from '@rowtime/sql';
import { checkpointFiles } from './checkpoint-files.ts';
import { headerHint } from './header-hint.ts';
import { inputStreams } from './input-streams.ts';
import { withMetadata } from './metadata.ts';
import { noStore } from './no-store.ts';
import { outputStreams } from './outputs.ts';
import { printInputSchema } from './print-input-schema.ts';
import { readInput } from './read-schema.ts';
import { referenceTables } from './reference-tables.ts';
import { clockOf, type RowtimePolicy } from './rowtime-policy.ts';
import { standardOutput } from './standard-output.ts';
import { formatDuration, formatRate, StatusLine } from './status-line.ts';
import { stopSignal } from './stop-signal.ts';

export interface RunOptions {
  /** The text of the program, and the name of its file for messages. */
  readonly sql: string;
  readonly input: readonly string[];
  /** A folder for the rows of the output streams. */
  readonly output: string | null;
  readonly rowtime: RowtimePolicy;
  /** A file with the InputSchema; else the schema is discovered. */
  readonly schema: string | null;
  /** The name of the input stream, the first of several; null: as the schema file says. */
  readonly stream: string | null;
  /** How many input streams take the files in turn; null: as the schema file says. */
  readonly parallelism: number | null;
  /** Reference tables and their schemas, as NAME=file. */
  readonly tables: readonly string[];
  readonly tableSchemas: readonly string[];
  /** Output streams; null: those that no pump reads. */
  readonly streams: readonly string[] | null;
  readonly checkpoint: string | null;
  readonly checkpointIntervalMs: number;
  readonly json: boolean;
  readonly seed: number;
  readonly bufferBytes: number;
  readonly bufferMs: number;
  /** The rows are for another command, which says what became of them. */
  readonly isQuiet?: boolean;
}

/** `rowtime run`: a program over files or standard input, to the end of the input. */
export async function run(options: RunOptions): Promise<void> {
  const now = Date.now;
  const schemaFile = options.schema ?? discoveredSchemaFile(options.checkpoint);
  const given = schemaFile === null ? null : await readInput(schemaFile);
  const streams = inputStreams(options, given);
  const tables = await referenceTables(options.tables, options.tableSchemas, given?.referenceSchemas ?? null);
  const source = await fileSource({
    input: options.input,
    now,
    isPartitioned: streams.length > 1,
    ...given?.schema,
  });
  if (source.hasHeader) process.stderr.write(`${headerHint}\n`);
  if (options.checkpoint !== null && given === null) keepSchema(options.checkpoint, source.inputSchema);
  const inputs = Object.fromEntries(streams.map((name) => [name, source.schema]));
  const application = compile(options.sql, { inputs, tables, seed: options.seed, now: now() });
  const uses = streams.map((name) => application.used(name));
  const used = source.columns.map((_, c) => uses.some((ofStream) => ofStream[c] === true));
  const { clock, decoded } = clockOf(options.rowtime, source.columns, used, now);
  source.use(decoded);

  const outputs = outputStreams(application, options.streams);
  const stop = stopSignal();
  // Without an output folder nobody would see the rest.
  const write = standardOutput(() => options.output === null && stop.stop());
  const sinks = outputs.flatMap(({ name, schema }) => {
    const { output: folder, bufferBytes, bufferMs } = options;
    return [
      ...(folder === null ? [] : [fileSink({ folder, stream: name, schema, bufferBytes, bufferMs })]),
      ...(options.json ? [stdoutSink({ stream: name, schema, write })] : []),
    ].map((sink) => ({ stream: name, sink }));
  });
  const status = new StatusLine(now);
  const started = now();
  let checkpointed = started;
  const progress = await runJob(
    {
      source,
      stream: streams,
      clock,
      complete: withMetadata(application.streams.find(({ name }) => name === streams[0])?.metadata ?? []),
      graph: application.graph(),
      sinks,
      store:
        options.checkpoint === null ? noStore() : checkpointFiles(options.checkpoint, { onRefused: reportRefused }),
      // Without a checkpoint folder only a full sink makes one due; on standard output rows should not wait for that.
      checkpointDue: () => {
        if (options.checkpoint === null && !options.json) return false;
        if (now() - checkpointed < options.checkpointIntervalMs) return false;
        checkpointed = now();
        return true;
      },
      publishOnStop: options.checkpoint === null,
      onProgress: (current) => status.show(() => summary(current, now() - started)),
    },
    stop.signal,
  ).finally(() => {
    stop.release();
    status.clear();
  });
  if (options.isQuiet) return;
  process.stderr.write(`${summary(progress, now() - started)}\n`);
  if (options.output !== null)
    process.stderr.write(`${outputs.map(({ name }) => name).join(', ')} in ${options.output}\n`);
  if (stop.signal.aborted && options.checkpoint !== null)
    process.stderr.write('stopped; run the same command again to go on\n');
}

function summary({ rows, rejected, restored }: Progress, millis: number): string {
  return `${rows.toLocaleString('en')} rows${rejected > 0 ? `, ${rejected.toLocaleString('en')} records to error_stream` : ''}${restored ? ', since the restart' : ''}, ${formatDuration(millis)}, ${formatRate(rows, millis)}`;
}

function reportRefused(file: string, reason: string): void {
  process.stderr.write(`checkpoint ${file} is not used: ${reason}\n`);
}

const schemaName = 'input-schema.json';

/** What was discovered when the run was begun: standard input can bring other first records when it goes on. */
function discoveredSchemaFile(checkpoints: string | null): string | null {
  const file = checkpoints === null ? null : join(checkpoints, schemaName);
  return file !== null && existsSync(file) ? file : null;
}

function keepSchema(checkpoints: string, schema: InputSchema): void {
  mkdirSync(checkpoints, { recursive: true });
  const file = join(checkpoints, schemaName);
  writeFileSync(`${file}.tmp`, `${JSON.stringify(printInputSchema(schema), null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}
