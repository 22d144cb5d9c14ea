import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorStream } from '@rowtime/core';
import { readApplication } from '../application/read.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { reportingSql } from '../program-file.ts';
import { parseRowtimePolicy } from '../rowtime-policy.ts';
import { run } from '../run.ts';
import { type ObjectPlace, placeOf, type S3Connection } from './place.ts';

export interface ProgramFlags {
  readonly input: readonly string[] | null;
  /** null: as the application says, or the arrival time. */
  readonly rowtime: string | null;
  readonly schema: string | null;
  readonly tables: readonly string[];
  readonly tableSchemas: readonly string[];
  readonly seed: number | null;
  readonly s3: S3Connection;
}

/** The results of a program over recorded input, in a folder that `release` removes. */
export interface OwnResults {
  readonly place: ObjectPlace;
  readonly notices: readonly string[];
  release(): void;
}

/** Whether `--ours` is a program or an application, and not what one delivered. */
export function isProgram(ours: string): boolean {
  return /\.(sql|json)$/.test(ours) && !statSync(ours, { throwIfNoEntry: false })?.isDirectory();
}

/** Runs a program, or that of an application, over recorded input. `streams`: whose rows are wanted; null: those of the outputs. */
export async function ownResults(
  file: string,
  streams: readonly string[] | null,
  flags: ProgramFlags,
): Promise<OwnResults> {
  if (flags.input === null) {
    throw new CommandError(
      `--ours ${file}: a program needs the recorded input, --input <s3://… | folder | files>`,
      exitCodes.usage,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'rowtime-mirror-'));
  const release = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const program = file.endsWith('.json') ? fromApplication(file, folder) : fromSql(file);
    const output = join(folder, 'results');
    const input = await inputFiles(flags.input, join(folder, 'input'), flags.s3);
    await reportingSql(file, program.sql, () =>
      run({
        sql: program.sql,
        input,
        follow: null,
        output,
        format: 'json',
        rowtime: parseRowtimePolicy(flags.rowtime ?? program.rowtime),
        schema: flags.schema ?? program.schema,
        stream: null,
        parallelism: null,
        tables: [...program.tables, ...flags.tables],
        tableSchemas: flags.tableSchemas,
        streams,
        checkpoint: null,
        checkpointIntervalMs: 0,
        allowStateDrop: false,
        json: false,
        seed: flags.seed ?? program.seed,
        bufferBytes: 128 << 20,
        bufferMs: 300_000,
        isQuiet: true,
      }),
    );
    const errors = await linesBelow(join(output, errorStream));
    return {
      place: placeOf(output, flags.s3),
      notices:
        errors === 0 ? [] : [`our run has ${errors.toLocaleString('en')} rows in error_stream: rowtime run shows them`],
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

interface Program {
  readonly sql: string;
  readonly schema: string | null;
  readonly rowtime: string;
  readonly tables: readonly string[];
  readonly seed: number;
}

const seedDefault = 42;

function fromSql(file: string): Program {
  try {
    return { sql: readFileSync(file, 'utf8'), schema: null, rowtime: 'arrival', tables: [], seed: seedDefault };
  } catch (error) {
    throw new CommandError(`cannot read the program: ${(error as Error).message}`);
  }
}

/** The code of an application; its schemas as a file of their own, whatever shape the application's has. */
function fromApplication(file: string, folder: string): Program {
  const { application, rowtime } = readApplication(file);
  const schema = join(folder, 'application.json');
  writeFileSync(
    schema,
    JSON.stringify({ Inputs: application.Inputs, ReferenceDataSources: application.ReferenceDataSources }),
  );
  const tables = Object.entries(rowtime.tables ?? {}).map(([name, path]) => `${name}=${resolve(dirname(file), path)}`);
  return {
    sql: application.ApplicationCode,
    schema,
    rowtime: rowtime.rowtime ?? 'arrival',
    tables,
    seed: rowtime.seed ?? seedDefault,
  };
}

/** Files and globs as they are; the files below a folder, which sort by their hours; objects of S3 after they were fetched. */
async function inputFiles(inputs: readonly string[], folder: string, s3: S3Connection): Promise<string[]> {
  const files: string[] = [];
  for (const [i, input] of inputs.entries()) {
    if (input.startsWith('s3://')) files.push(`${await fetched(placeOf(input, s3), join(folder, String(i)))}/**/*`);
    else
      files.push(
        statSync(input, { throwIfNoEntry: false })?.isDirectory() ? `${input.replace(/\/$/, '')}/**/*` : input,
      );
  }
  return files;
}

/** `rowtime run` reads files: the objects are brought here, under their keys. */
async function fetched(place: ObjectPlace, folder: string): Promise<string> {
  const store = await place.open();
  try {
    for (let after = '', isOver = false; !isOver; ) {
      const { entries, isLast } = await store.list(after);
      for (const entry of entries) {
        const bytes = entry.size > 0 ? await store.read(entry) : null;
        if (!bytes) continue;
        const path = join(folder, entry.key);
        mkdirSync(dirname(path), { recursive: true });
        await pipeline(bytes, createWriteStream(path));
      }
      after = entries.at(-1)?.key ?? after;
      isOver = isLast;
    }
  } finally {
    store.close();
  }
  if (!existsSync(folder)) throw new CommandError(`${place.name}: there are no objects`);
  return folder;
}

async function linesBelow(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  const store = await placeOf(folder, {}).open();
  let lines = 0;
  for (const { key } of (await store.list('')).entries) {
    for await (const chunk of createReadStream(join(folder, key)) as AsyncIterable<Buffer>) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    }
  }
  return lines;
}
