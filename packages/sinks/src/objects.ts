import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Stopped } from '@rowtime/aws';
import { assert, type LocalPart, type Millis, type Participant } from '@rowtime/core';
import { type Bucket, FolderBucket } from './bucket.ts';
import { SinkError } from './errors.ts';
import { type LayoutOptions, type ObjectLayout, objectLayout, safeName } from './layout.ts';
import { type Compression, type Packing, packingOf } from './packing.ts';
import { type Measure, RootedFolder } from './rooted-folder.ts';

/** How a stream becomes objects. Writers that share a folder or bucket have different streams. */
export interface ObjectCut extends Pick<LayoutOptions, 'stream' | 'prefix' | 'timeZone'> {
  /** An object closes after the record with which it reaches this. Default 1 MiB. */
  readonly bufferBytes?: number;
  /** An object closes before the record that is this much younger than its first. Default 60 s. */
  readonly bufferMs?: number;
  /** Default 'none', and Snappy of the pages of Parquet. `bufferBytes` counts what is appended, before it. */
  readonly compression?: Compression;
}

export interface ObjectOptions extends ObjectCut {
  /** The root: nothing is written outside of it. Made if it is not there. */
  readonly folder: string;
  /** Where objects are published; made over the folder in which they grew. Default: that folder. */
  readonly bucket?: (spool: RootedFolder) => Bucket;
  /** What becomes of objects when they are published. Default: as `compression` says. */
  readonly packing?: Packing | null;
  /** Called before each change on disk. A test that throws here has the process die at that point. */
  readonly beforeStep?: (step: string) => void;
}

/** One object: its name follows from `sequence` and `first`; `size` and `crc32` say what of it is durable. */
export interface ObjectState {
  readonly sequence: number;
  /** Time of its first record. */
  readonly first: Millis;
  readonly size: number;
  readonly crc32: number;
}

/** What a checkpoint holds of an ObjectWriter. */
export interface PreparedObjects {
  readonly stream: string;
  /** Packing.content of these objects; left out: bytes. */
  readonly content?: string;
  /** The sequence of the object that is begun next. */
  readonly next: number;
  readonly open: ObjectState | null;
  /** Whole and durable as parts, not yet published. */
  readonly sealed: readonly ObjectState[];
}

/** Cuts the records of a stream into objects named as Firehose names them (layout.ts), each published whole and exactly
 *  once in a bucket. Where an object ends depends on the records only, not on how they were batched nor on when checkpoints were
 *  taken, so a run that died and went on leaves the same names and bytes as one that did not.
 *
 *      .rowtime-parts/<stream>-<hash>/000000000007      grows with each prepare; hidden from readers
 *      <prefix>2024/01/01/00/<stream>-1-…-<uuid>        given to it by the commit after it was sealed
 *
 *  Publishing that is told to stop leaves sealed objects to the next process: the checkpoint names them.
 *  Memory: what was appended since the last `prepare`; the caller bounds it by `pendingBytes`. */
export class ObjectWriter implements Participant {
  readonly local: LocalPart = { copy: () => this.#copyParts(), paste: (copied) => this.#pasteParts(copied) };
  readonly #folder: RootedFolder;
  readonly #bucket: Bucket;
  readonly #layout: ObjectLayout;
  readonly #content: string | undefined;
  readonly #stream: string;
  readonly #parts: string;
  readonly #bufferBytes: number;
  readonly #bufferMs: number;
  #isOpened = false;

  /** The bytes of `#growing` that no part has yet, one object after the other. */
  #pending = Buffer.allocUnsafeSlow(1 << 16);
  #pendingBytes = 0;
  /** Objects that no prepare has sealed, oldest first; only the last one can be open. */
  #growing: Growing[] = [];
  /** The last of `#growing`, unless that is sealed. */
  #current: Growing | null = null;
  #next = 0;
  /** Sealed by a prepare, not yet published. */
  #sealed: readonly ObjectState[] = [];

  constructor(options: ObjectOptions) {
    const { stream, bufferBytes = 1 << 20, bufferMs = 60_000, compression = 'none' } = options;
    const { packing = packingOf(compression) } = options;
    if (!(bufferBytes >= 1 && bufferMs >= 1)) throw new RangeError('bufferBytes and bufferMs are at least 1');
    this.#folder = new RootedFolder(options.folder, options.beforeStep ?? (() => {}));
    this.#bucket = options.bucket?.(this.#folder) ?? new FolderBucket(this.#folder, packing);
    this.#layout = objectLayout({ ...options, extension: packing?.extension ?? '' });
    this.#content = packing?.content;
    this.#stream = stream;
    // The hash keeps streams apart whose names differ only in case, on file systems that do not.
    const hash = createHash('sha1').update(stream).digest('hex').slice(0, 8);
    this.#parts = join('.rowtime-parts', `${safeName(stream)}-${hash}`);
    this.#bufferBytes = bufferBytes;
    this.#bufferMs = bufferMs;
  }

  get name(): string {
    return `objects of ${this.#stream}`;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** How many objects are whole and not yet where they belong, because publishing was told to stop. */
  get unpublished(): number {
    return this.#sealed.length;
  }

  /** One record. Records come in time order. */
  append(bytes: Uint8Array, time: Millis): void {
    this.appendMany(bytes, [bytes.length], [time], 1);
  }

  /** Record i is bytes[ends[i - 1], ends[i]), of time times[i]. The bytes are copied. */
  appendMany(bytes: Uint8Array, ends: ArrayLike<number>, times: ArrayLike<Millis>, count: number): void {
    assert(this.#isOpened, 'open comes first');
    let copied = 0;
    let from = 0;
    for (let i = 0; i < count; i++) {
      const to = ends[i]!;
      const time = times[i]!;
      if (this.#current !== null && time >= this.#current.closesAt) {
        this.#copy(bytes, copied, from);
        copied = from;
        this.#seal();
      }
      const object = this.#current ?? this.#begin(time);
      object.size += to - from;
      from = to;
      if (object.size >= this.#bufferBytes) {
        this.#copy(bytes, copied, from);
        copied = from;
        this.#seal();
      }
    }
    this.#copy(bytes, copied, from);
  }

  // The next record is not before the watermark and would close the object itself: this only does it sooner.
  advance(watermark: Millis): void {
    if (this.#current !== null && watermark >= this.#current.closesAt) this.#seal();
  }

  async prepare(): Promise<PreparedObjects> {
    assert(this.#isOpened, 'open comes first');
    // Copied now: what is appended while the disk works belongs to the next prepare. Nothing of ours changes until all is
    // durable, so that a prepare that failed (disk full) can be tried again.
    const growing = this.#growing.map((object) => ({ ...object }));
    const next = this.#next;
    const pending = this.#pending;
    const states: ObjectState[] = [];
    let at = 0;
    let isNew = false;
    for (const { sequence, first, size, durable } of growing) {
      const bytes = pending.subarray(at, at + size - durable.size);
      at += bytes.length;
      states.push({ sequence, first, size, crc32: crc32(bytes, durable.crc32) });
      if (bytes.length === 0 && size > 0) continue;
      if (durable.size === 0 && !isNew) {
        isNew = true;
        await this.#folder.makeFolder(this.#parts);
      }
      await this.#folder.write(this.#part(sequence), bytes, durable.size);
    }
    if (isNew) await this.#folder.syncFolder(this.#parts);

    const open = growing.at(-1)?.isSealed === false ? states.pop()! : null;
    this.#growing.splice(0, states.length);
    if (open) this.#growing[0]!.durable = open;
    this.#pending.copyWithin(0, at, this.#pendingBytes);
    this.#pendingBytes -= at;
    this.#sealed = [...this.#sealed, ...states];
    const content = this.#content === undefined ? {} : { content: this.#content };
    return { stream: this.#stream, ...content, next, open, sealed: this.#sealed };
  }

  async commit(prepared: unknown): Promise<void> {
    const { sealed } = this.#own(prepared);
    const published = new Set<number>();
    await eachOf(sealed, this.#bucket.publishedAtOnce, async (object) => {
      try {
        await this.#publish(object);
        published.add(object.sequence);
      } catch (error) {
        if (!(error instanceof Stopped)) throw error;
      }
    });
    await this.#bucket.settle();
    // Only now: until the new names are durable, the parts are all there is.
    for (const sequence of published) await this.#folder.remove(this.#part(sequence));
    this.#sealed = this.#sealed.filter(({ sequence }) => !published.has(sequence));
  }

  async open(prepared: unknown): Promise<void> {
    assert(!this.#isOpened, 'a writer is opened once');
    const state: PreparedObjects =
      prepared === null ? { stream: this.#stream, next: 0, open: null, sealed: [] } : this.#own(prepared);
    if (state.content !== this.#content && (state.open || state.sealed.length > 0)) throw this.#otherContent(state);
    await this.#folder.makeRoot();
    await this.#bucket.open();
    const hasParts = await this.#folder.holdsFolder(this.#parts);
    // A part that is not there was published, or commit will miss it.
    for (const object of state.sealed) {
      const part = await this.#folder.measure(this.#part(object.sequence));
      if (part && !same(part, object)) throw this.#damaged(object, part);
    }
    if (prepared !== null) await this.commit(prepared);
    if (state.open) await this.#resume(state.open);
    if (hasParts) await this.#removeAllBut(state.open);
    this.#next = state.next;
    if (state.open) this.#current = this.#grow(state.open);
    this.#isOpened = true;
  }

  async close(): Promise<void> {
    // A finished run leaves objects and nothing else.
    await this.#folder.removeEmpty(this.#parts);
    await this.#folder.removeEmpty(dirname(this.#parts));
    await this.#bucket.close();
  }

  /** The parts of all that is prepared and not published. */
  async #copyParts(): Promise<CopiedParts> {
    const open = this.#growing.slice(0, 1).map(({ durable }) => durable);
    const parts: CopiedPart[] = [];
    for (const { sequence, size } of [...this.#sealed, ...open]) {
      const part = this.#part(sequence);
      if (await this.#folder.holdsFile(part))
        parts.push({ sequence, bytes: await this.#folder.readBytes(part, 0, size) });
    }
    return { stream: this.#stream, parts };
  }

  async #pasteParts(copied: unknown): Promise<void> {
    assert(!this.#isOpened, 'a copy is put back before the writer is opened');
    const { stream, parts } = copied as CopiedParts;
    assert(stream === this.#stream, `the copy is of the stream ${stream}, not ${this.#stream}`);
    if (parts.length === 0) return;
    await this.#folder.makeRoot();
    await this.#folder.makeFolder(this.#parts);
    for (const { sequence, bytes } of parts) await this.#folder.writeAll(this.#part(sequence), only(bytes));
    await this.#folder.syncFolder(this.#parts);
  }

  #begin(first: Millis): Growing {
    this.#current = this.#grow({ sequence: this.#next++, first, size: 0, crc32: 0 });
    return this.#current;
  }

  #grow(durable: ObjectState): Growing {
    const { sequence, first, size } = durable;
    const object = { sequence, first, closesAt: first + this.#bufferMs, size, isSealed: false, durable };
    this.#growing.push(object);
    return object;
  }

  #seal(): void {
    this.#current!.isSealed = true;
    this.#current = null;
  }

  #copy(bytes: Uint8Array, from: number, to: number): void {
    const size = this.#pendingBytes + to - from;
    if (size > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#pending.length * 2, size));
      // The old buffer stays as it is: a prepare may be writing from it.
      this.#pending.copy(grown, 0, 0, this.#pendingBytes);
      this.#pending = grown;
    }
    this.#pending.set(bytes.subarray(from, to), this.#pendingBytes);
    this.#pendingBytes = size;
  }

  async #publish(object: ObjectState): Promise<void> {
    const { sequence, size, crc32 } = object;
    const part = this.#part(sequence);
    const key = this.#key(object);
    // Without a part it was published, and the part removed, before the process died; or, it turns out below, it is lost.
    if (await this.#folder.holdsFile(part)) {
      if ((await this.#bucket.publish(key, { part, size, crc32 })) === 'published') return;
    }
    const found = await this.#bucket.measure(key);
    if (!found) throw this.#damaged(object, null);
    if (same(found, object)) return;
    throw new SinkError(
      `${this.#bucket.locate(key)} exists with other content: found ${print(found)}, expected ${print(object)}. ` +
        'It belongs to another run: take an empty place, or the checkpoint that goes with this one.',
    );
  }

  /** Has the part of the open object as the checkpoint knows it: what came after is cut off. */
  async #resume(object: ObjectState): Promise<void> {
    const part = this.#part(object.sequence);
    const key = this.#key(object);
    const found = await this.#folder.measure(part, object.size);
    if (found && same(found, object)) return this.#folder.truncate(part, object.size);
    // A later checkpoint had published the object, and was lost or damaged since. It will come out again, the same.
    const published = await this.#bucket.read(key);
    if (!published) throw this.#damaged(object, found);
    await this.#folder.makeFolder(this.#parts);
    await this.#folder.writeAll(part, firstOf(published, object.size));
    await this.#folder.syncFolder(this.#parts);
    const copied = await this.#folder.measure(part);
    if (!copied || !same(copied, object)) throw this.#damaged(object, copied);
  }

  async #removeAllBut(open: ObjectState | null): Promise<void> {
    for (const name of await this.#folder.list(this.#parts)) {
      if (/^\d{12,}(?:\.\w+)?$/.test(name) && Number(name) !== open?.sequence)
        await this.#folder.remove(join(this.#parts, name));
    }
  }

  #part(sequence: number): string {
    return join(this.#parts, String(sequence).padStart(12, '0'));
  }

  #key({ sequence, first }: ObjectState): string {
    return this.#layout.key(sequence, first);
  }

  #own(prepared: unknown): PreparedObjects {
    if (!isPrepared(prepared))
      throw new Error(`the checkpoint does not hold what a writer of ${this.#stream} prepared`);
    if (prepared.stream === this.#stream) return prepared;
    throw new Error(`the checkpoint holds what a writer of ${prepared.stream} prepared, not one of ${this.#stream}`);
  }

  #otherContent({ content = 'bytes' }: PreparedObjects): Error {
    return new SinkError(
      `the checkpoint holds objects of ${this.#stream} that were begun as ${content}, and the format is now one of ` +
        `${this.#content ?? 'bytes'}: go on with the format of before, or begin with an empty checkpoint and an empty place`,
    );
  }

  #damaged(object: ObjectState, found: Measure | null): Error {
    const path = this.#folder.path(this.#part(object.sequence));
    const what = found ? `holds other bytes: found ${print(found)}, expected ${print(object)}` : 'is missing';
    return new SinkError(`${path} ${what}: the checkpoint needs it for ${this.#key(object)}`);
  }
}

/** An object on its way: `size` bytes of it are taken, those of `durable` are in its part. */
interface Growing {
  readonly sequence: number;
  readonly first: Millis;
  readonly closesAt: Millis;
  size: number;
  isSealed: boolean;
  durable: ObjectState;
}

/** What a checkpoint's objects are on this disk. */
interface CopiedParts {
  readonly stream: string;
  readonly parts: readonly CopiedPart[];
}

interface CopiedPart {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Calls `each` for all, at most `atOnce` at a time. After one has failed no other is begun, and those under way are waited
 *  for: nothing of this goes on once it has rejected. */
async function eachOf<T>(all: readonly T[], atOnce: number, each: (one: T) => Promise<void>): Promise<void> {
  const left = [...all].reverse();
  const worker = async (): Promise<void> => {
    try {
      for (let one = left.pop(); one !== undefined; one = left.pop()) await each(one);
    } catch (error) {
      left.length = 0;
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function* firstOf(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const bytes of content) {
    yield bytes.subarray(0, Math.min(left, bytes.length));
    left -= bytes.length;
    if (left <= 0) return;
  }
}

function same(a: Measure, b: Measure): boolean {
  return a.size === b.size && a.crc32 === b.crc32;
}

function print({ size, crc32 }: Measure): string {
  return `${size} bytes with CRC ${crc32.toString(16).padStart(8, '0')}`;
}

function isPrepared(value: unknown): value is PreparedObjects {
  if (!isObject(value)) return false;
  const { stream, next, open, sealed } = value;
  if (typeof stream !== 'string' || !isCount(next) || !Array.isArray(sealed)) return false;
  return sealed.every(isObjectState) && (open === null || isObjectState(open));
}

function isObjectState(value: unknown): value is ObjectState {
  if (!isObject(value)) return false;
  return (
    isCount(value['sequence']) && Number.isFinite(value['first']) && isCount(value['size']) && isCount(value['crc32'])
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
