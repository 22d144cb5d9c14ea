import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JobSink, type Progress, printNumber, run as runJob } from '@rowtime/core';
import { type FileSinkOptions, fileSink } from '@rowtime/sinks/file';
import { stdoutSink } from '@rowtime/sinks/stdout';
import type { InputSchema } from '@rowtime/sources/decoder';
import { compile } from '@rowtime/sql';
import { checkpointFiles } from './checkpoint-files.ts';
import { headerHint } from './header-hint.ts';
import { inputStreams } from './input-streams.ts';
import { withMetadata } from './metadata.ts';
import { noStore } from './no-store.ts';
import { type OutputFormat, objectFormat } from './output-format.ts';
import { outputStreams } from './outputs.ts';
import { printInputSchema } from './print-input-schema.ts';
import { readInput } from './read-schema.ts';
import { referenceTables } from './reference-tables.ts';
import { clockOf, type RowtimePolicy } from './rowtime-policy.ts';
import { runInput } from './run-input.ts';
import { standardOutput } from './standard-output.ts';
import { linesOf, printedChange } from './state-change.ts';
import { formatDuration, formatRate, StatusLine } from './status-line.ts';
import { stopSignal } from './stop-signal.ts';

export interface RunOptions {
  /** The text of the program, and the name of its file for messages. */
  readonly sql: string;
  readonly input: readonly string[];
  /** Read on as the file grows, from its start or its end; null: to the end of the input. */
  readonly follow: 'start' | 'end' | null;
  /** A folder for the rows of the output streams, and how they lie in its files. */
  readonly output: string | null;
  readonly format: OutputFormat;
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
  readonly allowStateDrop: boolean;
  readonly json: boolean;
  readonly seed: number;
  readonly bufferBytes: number;
  readonly bufferMs: number;
  /** The rows are for another command, which says what became of them. */
  readonly isQuiet?: boolean;
}

/** Who watches a file grow sees what came of it so soon. */
const visibleMs = 1_000;

/** `rowtime run`: a program over files or standard input, to the end of the input. A file that is followed ends when the command
 *  is told to stop: with a checkpoint folder the next one goes on there, without one that is the end, and all windows close. */
export async function run(options: RunOptions): Promise<void> {
  // Two runs that go on from one checkpoint would write the same files.
  const held = options.checkpoint === null ? null : (await import('./service/lock.ts')).lock(options.checkpoint);
  try {
    await runLocked(options);
  } finally {
    held?.release();
  }
}

async function runLocked(options: RunOptions): Promise<void> {
  const now = Date.now;
  const schemaFile = options.schema ?? discoveredSchemaFile(options.checkpoint);
  const given = schemaFile === null ? null : await readInput(schemaFile);
  const streams = inputStreams(options, given);
  const tables = await referenceTables(options.tables, options.tableSchemas, given?.referenceSchemas ?? null);
  const { input, follow, checkpoint } = options;
  // Then it is stopped at its end, not in its middle.
  const ending = new AbortController();
  const isEnded = follow !== null && checkpoint === null;
  const { source, inputSchema, hasHeader, use } = await runInput({
    input,
    follow,
    endOn: ending.signal,
    schema: given?.schema ?? null,
    isPartitioned: streams.length > 1,
    now,
  });
  if (hasHeader) process.stderr.write(`${headerHint}\n`);
  if (options.checkpoint !== null && given === null) keepSchema(options.checkpoint, inputSchema);
  const inputs = Object.fromEntries(streams.map((name) => [name, source.schema]));
  const application = compile(options.sql, { inputs, tables, seed: options.seed, now: now() });
  const uses = streams.map((name) => application.used(name));
  const used = inputSchema.columns.map((_, c) => uses.some((ofStream) => ofStream[c] === true));
  const { clock, decoded } = clockOf(options.rowtime, inputSchema.columns, used, now);
  use(decoded);

  const outputs = outputStreams(application, options.streams);
  const stop = stopSignal();
  if (isEnded) stop.signal.addEventListener('abort', () => ending.abort());
  // Without an output folder nobody would see the rest.
  const write = standardOutput(() => options.output === null && stop.stop());
  const sinks = outputs.flatMap(({ name, schema }): JobSink[] => {
    const { output: folder, bufferBytes, bufferMs } = options;
    const format = objectFormat(options.format);
    const about: FileOutput = { folder: folder ?? '', stream: name, schema, format, bufferBytes, bufferMs };
    const printed = {
      stream: name,
      name: `${name} to standard output`,
      sink: stdoutSink({ stream: name, schema, write }),
    };
    return [
      ...(folder === null ? [] : [{ stream: name, name: `${name} to files`, about, sink: fileSink(about) }]),
      ...(options.json ? [printed] : []),
    ];
  });
  const status = new StatusLine(now);
  const started = now();
  const intervalMs = isEnded ? Math.min(options.checkpointIntervalMs, visibleMs) : options.checkpointIntervalMs;
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
        if (checkpoint === null && !options.json && !isEnded) return false;
        if (now() - checkpointed < intervalMs) return false;
        checkpointed = now();
        return true;
      },
      publishOnStop: options.checkpoint === null,
      allowStateDrop: options.allowStateDrop,
      onUpgrade: (change) => {
        const lines = ['the program was changed since the checkpoint', ...linesOf(printedChange(change))];
        process.stderr.write(`${lines.join('\n')}\n`);
      },
      retire: async (part) =>
        (await import('./retired.ts')).retired(
          part,
          part.about === null ? null : () => fileSink(part.about as FileOutput),
        ),
      onProgress: (current) => status.show(() => summary(current, now() - started)),
    },
    isEnded ? new AbortController().signal : stop.signal,
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

type FileOutput = Pick<FileSinkOptions, 'folder' | 'stream' | 'schema' | 'format' | 'bufferBytes' | 'bufferMs'>;

function summary({ rows, rejected, restored }: Progress, millis: number): string {
  return `${printNumber(rows)} rows${rejected > 0 ? `, ${printNumber(rejected)} records to error_stream` : ''}${restored ? ', since the restart' : ''}, ${formatDuration(millis)}, ${formatRate(rows, millis)}`;
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
