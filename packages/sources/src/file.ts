import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Millis, Poll, Schema, Source } from '@rowtime/core';
import { type ByteInput, openFile, openStream, type StreamInput } from './byte-input.ts';
import type { CsvFormat } from './decode/csv.ts';
import type { InputDecoder } from './decode/input-decoder.ts';
import type { InputColumn } from './decode/json.ts';
import { createDecoder, type InputSchema } from './decoder.ts';
import { type Discovered, discoverInput, schemaFound } from './discover-input.ts';
import { SourceError } from './errors.ts';
import { listFiles } from './file-list.ts';
import { timeInName } from './firehose-name.ts';
import { Sample } from './sample.ts';

export { SourceError } from './errors.ts';

export interface FileSourceOptions {
  /** Paths and globs, read in the order given, those of one glob sorted by name; or `-` alone: standard input. */
  readonly input: string | readonly string[];
  /** Left out: discovered from the first records. Give what a checkpoint kept, so that a restart has the same. */
  readonly columns?: readonly InputColumn[];
  /** RecordRowPath. Default `$`. */
  readonly rowPath?: string;
  /** Given with columns: records are CSV rows. Left out with them: JSON. */
  readonly csv?: CsvFormat;
  /** When the rows of a file arrived. Default: the time in a name of Firehose's layout, else its modification time. */
  readonly arrival?: (path: string, modified: Millis) => Millis;
  /** About how many rows a batch has. Default 8192. */
  readonly batchRows?: number;
  /** No batch has rows of two files, and each says which one it is from. */
  readonly isPartitioned?: boolean;
  /** Longer records are rejected. Default 1 MiB. */
  readonly recordBytesMax?: number;
  /** The wall clock, for the arrival times of standard input. */
  readonly now?: () => Millis;
  /** What `-` reads. Default: the process's standard input. */
  readonly stdin?: Readable;
}

/** Plain data. Offsets count inflated bytes. */
export interface FilePosition {
  readonly path: string;
  /** The last polled record ends here. */
  readonly offset: number;
  /** Kept, so that the rest of the file arrives at the same time even if the file was touched. */
  readonly arrival: Millis;
  /** Files before this one. */
  readonly filesRead: number;
  /** Size in bytes and CRC-32 of the first 64 KiB, to notice another file under the name. null: standard input. */
  readonly file: { readonly size: number; readonly head: number } | null;
}

export interface FileSource extends Source<FilePosition> {
  /** Given or discovered. */
  readonly columns: readonly InputColumn[];
  /** The same, with what else a checkpoint should keep to decode as now. */
  readonly inputSchema: InputSchema;
  /** The columns were discovered in CSV, and the first row looks like their names. It is read as a row all the same. */
  readonly hasHeader: boolean;
  /** Before `open`: the columns that anyone reads, by index. Texts of the others are NULL. */
  use(used: readonly boolean[]): void;
}

/**
 * Records from files or standard input, plain or gzip: NDJSON, concatenated objects, or both; or CSV. Records do not span
 * files. Standard input has no memory: to resume from a position, give it the same bytes again from the start.
 */
export async function fileSource(options: FileSourceOptions): Promise<FileSource> {
  const inputs = typeof options.input === 'string' ? [options.input] : options.input;
  if (inputs.length === 0) throw new SourceError('no input is named');
  if (!inputs.includes('-')) {
    const files = await listFiles(inputs);
    return new Files(options, given(options) ?? discoverInput(await sampleFiles(files), options.rowPath), files, null);
  }
  if (inputs.length > 1) throw new SourceError('standard input (-) cannot be read together with files');
  if (!options.now) throw new SourceError('to read standard input, a source must be given the clock: now');
  const schema = given(options);
  if (schema) return new Files(options, schema, ['-'], null);
  const stdin = await openStdin(options, 0);
  return new Files(options, discoverInput(await sampleStream(stdin, options.rowPath), options.rowPath), ['-'], stdin);
}

const batchRowsDefault = 8192;
/** A poll returns after so many bytes even if no record ended in them. */
const pollBytesMax = 32 << 20;
/** How long a poll waits for standard input. */
const waitMillis = 500;

class Files implements FileSource {
  readonly inputSchema: InputSchema;
  readonly hasHeader: boolean;
  readonly #options: FileSourceOptions;
  readonly #files: readonly string[];
  readonly #batchRows: number;
  #stdin: StreamInput | null;
  #used: readonly boolean[] | undefined;
  #decoder: InputDecoder;
  #input: ByteInput | null = null;
  /** The current file: its index, when its rows arrive, and what it was when it was opened. */
  #index = 0;
  #arrival: Millis = Number.NEGATIVE_INFINITY;
  #identity: FilePosition['file'] = null;
  /** Where its last polled record ends. */
  #offset = 0;

  constructor(
    options: FileSourceOptions,
    { hasHeader, ...inputSchema }: Discovered,
    files: readonly string[],
    stdin: StreamInput | null,
  ) {
    this.inputSchema = inputSchema;
    this.hasHeader = hasHeader;
    this.#options = options;
    this.#files = files;
    this.#batchRows = options.batchRows ?? batchRowsDefault;
    this.#stdin = stdin;
    this.#decoder = this.#createDecoder();
  }

  get schema(): Schema {
    return this.#decoder.schema;
  }

  get columns(): readonly InputColumn[] {
    return this.inputSchema.columns;
  }

  use(used: readonly boolean[]): void {
    this.#used = used;
  }

  async open(position: FilePosition | null): Promise<void> {
    this.#decoder = this.#createDecoder();
    if (position) {
      this.#index = this.#indexOf(position);
      this.#arrival = position.arrival;
    }
    await this.#openFile(position);
  }

  async poll(signal: AbortSignal): Promise<Poll> {
    const decoder = this.#decoder;
    let end = false;
    for (let bytes = 0; bytes < pollBytesMax; ) {
      if (this.#stdin) this.#arrival = Math.max(this.#arrival, this.#options.now!());
      if (decoder.decode(this.#arrival, this.#batchRows)) break;
      if (signal.aborted) break;
      if (!this.#input) {
        if (this.#options.isPartitioned && decoder.rows > 0) break;
        if (this.#index + 1 === this.#files.length) {
          end = true;
          break;
        }
        this.#index++;
        await this.#openFile(null);
        continue;
      }
      const read = this.#input.read(decoder.room());
      if (read > 0) {
        decoder.filled(read);
        bytes += read;
      } else if (read < 0) {
        decoder.end();
        this.#input.close();
        this.#input = null;
      } else if (!this.#stdin) {
        await this.#input.ready();
      } else if (decoder.rows > 0 || !(await waitFor(this.#input.ready(), signal))) {
        break; // rows of a live input do not wait for a full batch
      }
    }
    this.#offset = decoder.offset;
    const partition = this.#options.isPartitioned ? { partition: this.#index } : {};
    return { ...decoder.take(), ...partition, caughtUpTo: this.#arrival, end };
  }

  position(): FilePosition {
    return {
      path: this.#files[this.#index],
      offset: this.#offset,
      arrival: this.#arrival,
      filesRead: this.#index,
      file: this.#identity,
    };
  }

  async close(): Promise<void> {
    this.#input?.close();
    this.#stdin?.close();
    this.#input = null;
  }

  #createDecoder(): InputDecoder {
    const { recordBytesMax } = this.#options;
    return createDecoder(this.inputSchema, {
      ...(recordBytesMax !== undefined && { recordBytesMax }),
      ...(this.#used && { used: this.#used }),
    });
  }

  /** Opens the current file: where `position` is in it, or at its start. */
  async #openFile(position: FilePosition | null): Promise<void> {
    const path = this.#files[this.#index];
    const offset = position?.offset ?? 0;
    if (path === '-') {
      this.#stdin ??= await openStdin(this.#options, offset);
      this.#input = this.#stdin;
    } else {
      const stat = statOf(path);
      const identity = { size: stat.size, head: headOf(path) };
      if (position && (position.file?.size !== identity.size || position.file.head !== identity.head)) {
        throw new SourceError(`${path} has changed since it was read up to byte ${offset}: it cannot be resumed there`);
      }
      this.#identity = identity;
      if (!position) this.#arrival = Math.max(this.#arrival, this.#arrivalOf(path, stat));
      this.#input = await openFile(path, offset);
    }
    this.#decoder.begin(offset, path);
    this.#offset = offset;
  }

  // A file that sorts behind another did not arrive before it, so arrival times do not go back.
  #arrivalOf(path: string, { mtimeMs }: Stats): Millis {
    const modified = Math.floor(mtimeMs);
    return this.#options.arrival?.(path, modified) ?? timeInName(path) ?? modified;
  }

  #indexOf({ path, filesRead }: FilePosition): number {
    if (path === undefined)
      throw new SourceError(
        'the checkpoint is of a run that followed its input: follow it again, or start in an empty folder',
      );
    const index = this.#files.indexOf(path);
    if (index < 0) throw new SourceError(`${path}, where reading is to resume, is not among the input files any more`);
    if (index > filesRead) {
      throw new SourceError(`there are new files before ${path}, where reading is to resume: they would never be read`);
    }
    return index;
  }
}

function given({ columns, rowPath, csv }: FileSourceOptions): Discovered | null {
  if (!columns) return null;
  return { columns, ...(rowPath !== undefined && { rowPath }), ...(csv && { csv }), hasHeader: false };
}

/** The first bytes of the files, up to one more than a sample needs, so that what is cut off shows. */
async function sampleFiles(files: readonly string[]): Promise<Uint8Array> {
  const sample = new Sample();
  for (let i = 0; i < files.length && !sample.isFull; i++) {
    const input = await openFile(files[i], 0);
    for (let bytes = 0; bytes >= 0 && !sample.isFull; ) {
      bytes = input.read(sample.room());
      if (bytes > 0) sample.filled(bytes);
      if (bytes === 0) await input.ready();
    }
    input.close();
    sample.endRecord();
  }
  return sample.bytes();
}

/** The first bytes of a stream, which it will give again. A stream that pauses is judged by what it gave so far. */
async function sampleStream(input: StreamInput, rowPath?: string): Promise<Uint8Array> {
  const sample = new Sample();
  while (!sample.isFull) {
    const bytes = input.read(sample.room());
    if (bytes < 0) break;
    sample.filled(bytes);
    const isPaused = bytes === 0 && !(await waitFor(input.ready(), null));
    if (isPaused && schemaFound(sample.bytes(), rowPath)) break;
  }
  input.unread(sample.bytes());
  return sample.bytes();
}

function openStdin({ stdin }: FileSourceOptions, offset: number): Promise<StreamInput> {
  return openStream(stdin ?? process.stdin, 'standard input', offset);
}

function statOf(path: string): Stats {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new SourceError(`${path} is gone: it was there when the input was listed`);
  return stat;
}

const headBytes = 64 * 1024;

function headOf(path: string): number {
  const file = openSync(path, 'r');
  const head = Buffer.alloc(headBytes);
  const bytes = readSync(file, head, 0, headBytes, 0);
  closeSync(file);
  return crc32(head.subarray(0, bytes));
}

/** Whether `ready` came within half a second or so, and before the signal. */
async function waitFor(ready: Promise<void>, signal: AbortSignal | null): Promise<boolean> {
  let stop = () => {};
  const stopped = new Promise<false>((resolve) => {
    const timer = setTimeout(resolve, waitMillis, false);
    const abort = () => resolve(false);
    signal?.addEventListener('abort', abort);
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  });
  const isReady = await Promise.race([ready.then(() => true), stopped]);
  stop();
  return isReady;
}
