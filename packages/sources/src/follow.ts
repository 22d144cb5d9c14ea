import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Millis, Poll, Schema, Source } from '@rowtime/core';
import type { InputDecoder } from './decode/input-decoder.ts';
import { createDecoder, type InputSchema } from './decoder.ts';
import { SourceError } from './errors.ts';
import { pause } from './pause.ts';

export interface FollowSourceOptions {
  /** The file that grows, under the name that its writer gives to each new one. It need not be there yet. */
  readonly path: string;
  readonly inputSchema: InputSchema;
  /** The wall clock: a row arrives when it is read. */
  readonly now: () => Millis;
  /** Where to begin without a checkpoint. Default 'end', as tail does. */
  readonly from?: 'start' | 'end';
  /** Aborted: the source ends when it has read what is there. Default: it goes on for ever. */
  readonly endOn?: AbortSignal;
  readonly batchRows?: number;
}

/** Plain data. */
export interface FollowPosition {
  /** The last polled record ends here, in the file that begins so. null: there was no file yet. */
  readonly file: { readonly inode: number; readonly head: Head; readonly offset: number } | null;
  readonly arrival: Millis;
}

/** The first bytes of a file, by which it is known again: an inode can be another file's by then. */
interface Head {
  readonly bytes: number;
  readonly crc32: number;
}

export interface FollowSource extends Source<FollowPosition> {
  /** Before `open`: the columns that anyone reads, by index. */
  use(used: readonly boolean[]): void;
}

/** Records that are appended to a file, as `tail -F` shows them: when the file is renamed and begun anew, or cut, the old one
 *  is read to its end and then the new one from its start. A restart finds the old one under the name it was given. */
export function followSource(options: FollowSourceOptions): FollowSource {
  return new Follow(options);
}

const batchRowsDefault = 8192;
const chunkBytes = 256 * 1024;
const pollBytesMax = 32 << 20;
const headBytesMax = 1024;
const idleMs = 200;

class Follow implements FollowSource {
  readonly #options: FollowSourceOptions;
  #decoder: InputDecoder;
  #file: { readonly descriptor: number; readonly inode: number } | null = null;
  /** Where the next bytes are, and where the last polled record ends. */
  #at = 0;
  #offset = 0;
  #arrival: Millis = Number.NEGATIVE_INFINITY;

  constructor(options: FollowSourceOptions) {
    this.#options = options;
    this.#decoder = createDecoder(options.inputSchema);
  }

  get schema(): Schema {
    return this.#decoder.schema;
  }

  use(used: readonly boolean[]): void {
    this.#decoder = createDecoder(this.#options.inputSchema, { used });
  }

  async open(position: FollowPosition | null): Promise<void> {
    const { path, from = 'end' } = this.#options;
    if (position && !isPosition(position))
      throw new SourceError(
        `${path}: the checkpoint is of a run that did not follow its input: start in an empty folder`,
      );
    this.#arrival = position?.arrival ?? Number.NEGATIVE_INFINITY;
    if (position?.file) {
      this.#openFile(findAgain(path, position.file), position.file.offset);
      return;
    }
    const found = statSync(path, { throwIfNoEntry: false });
    // A file that is made later is all new.
    if (found) this.#openFile(path, !position && from === 'end' ? found.size : 0);
  }

  async poll(signal: AbortSignal): Promise<Poll> {
    const decoder = this.#decoder;
    const { batchRows = batchRowsDefault, now, endOn } = this.#options;
    const isLast = endOn?.aborted === true;
    let end = false;
    this.#arrival = Math.max(this.#arrival, now());
    for (let bytes = 0; bytes < pollBytesMax; ) {
      if (decoder.decode(this.#arrival, batchRows)) break;
      const read = this.#read(decoder);
      bytes += read;
      if (read > 0 || this.#turn(decoder)) continue;
      if (isLast) {
        decoder.end();
        decoder.decode(this.#arrival, Number.POSITIVE_INFINITY);
        end = true;
      } else if (decoder.rows === 0) {
        await pause(idleMs, endOn ? AbortSignal.any([signal, endOn]) : signal);
      }
      break;
    }
    this.#offset = decoder.offset;
    return { ...decoder.take(), caughtUpTo: this.#arrival, end };
  }

  position(): FollowPosition {
    if (!this.#file) return { file: null, arrival: this.#arrival };
    const { inode, descriptor } = this.#file;
    return { file: { inode, head: headOf(descriptor, this.#offset), offset: this.#offset }, arrival: this.#arrival };
  }

  async close(): Promise<void> {
    if (this.#file) closeSync(this.#file.descriptor);
    this.#file = null;
  }

  #read(decoder: InputDecoder): number {
    if (!this.#file) return 0;
    const room = decoder.room();
    const read = readSync(this.#file.descriptor, room, 0, Math.min(room.length, chunkBytes), this.#at);
    decoder.filled(read);
    this.#at += read;
    return read;
  }

  /** At the end of what is there: goes on to the file that has taken the name. False if there is none. */
  #turn(decoder: InputDecoder): boolean {
    const { path } = this.#options;
    const found = statSync(path, { throwIfNoEntry: false });
    const isSame = this.#file?.inode === found?.ino;
    const isCut = isSame && found !== undefined && found.size < this.#at;
    if (!found || (isSame && !isCut)) return false;
    // Its writer may have written once more before it let go of it.
    if (this.#file && !isCut && this.#read(decoder) > 0) return true;
    if (this.#file) {
      decoder.end();
      decoder.decode(this.#arrival, Number.POSITIVE_INFINITY);
    }
    this.#openFile(path, 0);
    return true;
  }

  #openFile(path: string, offset: number): void {
    const descriptor = openSync(path, 'r');
    if (this.#file) closeSync(this.#file.descriptor);
    this.#file = null;
    if (isGzip(descriptor)) {
      closeSync(descriptor);
      throw new SourceError(`${path} is gzip: only a plain file can be followed`);
    }
    this.#file = { descriptor, inode: fstatSync(descriptor).ino };
    this.#at = offset;
    this.#offset = offset;
    this.#decoder.begin(offset, path);
  }
}

function isPosition(position: object): position is FollowPosition {
  const { file } = position as Partial<FollowPosition>;
  return file === null || (typeof file === 'object' && 'inode' in file);
}

function isGzip(descriptor: number): boolean {
  const first = Buffer.alloc(2);
  return readSync(descriptor, first, 0, 2, 0) === 2 && first[0] === 0x1f && first[1] === 0x8b;
}

/** The path of the file in which a position is: by now it may have another name. */
function findAgain(path: string, { inode, head, offset }: NonNullable<FollowPosition['file']>): string {
  const folder = dirname(path);
  const candidates = [path, ...readdirSync(folder).map((name) => join(folder, name))];
  const found = candidates.find((candidate) => {
    const stat = statSync(candidate, { throwIfNoEntry: false });
    if (!stat?.isFile() || stat.ino !== inode || stat.size < offset) return false;
    const descriptor = openSync(candidate, 'r');
    const { crc32: crc } = headOf(descriptor, head.bytes);
    closeSync(descriptor);
    return crc === head.crc32;
  });
  if (found !== undefined) return found;
  throw new SourceError(
    `${path} was begun anew, and the file that was read up to byte ${offset} is not beside it any more: what followed there is lost; to go on with the new file, start with an empty checkpoint folder`,
  );
}

function headOf(descriptor: number, bytesMax: number): Head {
  const head = Buffer.alloc(Math.min(bytesMax, headBytesMax));
  const bytes = readSync(descriptor, head, 0, head.length, 0);
  return { bytes, crc32: crc32(head.subarray(0, bytes)) };
}
