import { closeSync, openSync, readdirSync, readSync, statSync, unlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Millis } from '@rowtime/core';
import { SourceError } from '../errors.ts';
import { type Frame, frameHeaderBytes, payloadBytes, readFrame, writeFrame } from './frame.ts';

export interface JournalOptions {
  /** The journal's own folder. Made if it is not there. */
  readonly folder: string;
  /** The wall clock. */
  readonly now: () => Millis;
  /** A file is followed by a new one at this size. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** What is accepted and not yet consumed may fill so much of the disk; then `append` refuses. Default 1 GiB. */
  readonly bytesMax?: number;
  /** How long request ids are remembered. Firehose repeats a request for two hours at the most. Default three. */
  readonly rememberMs?: Millis;
  /** Called when the end of the last file was cut off: it was written when the process or machine died, and nobody was
   *  told that it is durable. */
  readonly onTorn?: (file: string, bytes: number) => void;
  /** Called before each write to disk. A test that throws here has the disk fail at that point. */
  readonly beforeWrite?: () => void;
}

/** The next record: number `record` of the frame at byte `offset` of a segment. Plain data. */
export interface JournalPosition {
  readonly segment: number;
  readonly offset: number;
  readonly record: number;
}

/** The journal takes nothing for the moment: too much waits to be consumed, or to be written. */
export class JournalFull extends Error {
  override readonly name = 'JournalFull';
}

/**
 * Records that were accepted, on disk before anybody is told so, until a checkpoint covers them.
 *
 *     000000000000.journal   begins with the request ids that are still remembered (frame.ts)
 *     000000000001.journal   the one that grows
 *
 * Appends that come while the disk is busy are written and synced together. Memory: what waits for the disk, at most
 * 64 MiB.
 */
export class Journal {
  readonly #folder: string;
  readonly #now: () => Millis;
  readonly #segmentBytes: number;
  readonly #bytesMax: number;
  readonly #rememberMs: Millis;
  readonly #onTorn: (file: string, bytes: number) => void;
  readonly #beforeWrite: () => void;
  /** Segments on disk, oldest first, and how much of each is durable. */
  readonly #segments = new Map<number, number>();
  readonly #requests = new Map<string, Millis>();
  readonly #inFlight = new Map<string, Promise<void>>();
  #last = -1;
  #file: FileHandle | null = null;
  #time: Millis = 0;
  #queue: Waiting[] = [];
  /** Being written. */
  #taken: readonly Waiting[] = [];
  #queuedBytes = 0;
  #flushing: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  /** The frame that was read last, because one frame can fill several reads. */
  #read: { readonly segment: number; readonly offset: number; readonly frame: Frame; readonly next: number } | null =
    null;
  #descriptor: { readonly segment: number; readonly file: number } | null = null;

  constructor(options: JournalOptions) {
    this.#folder = options.folder;
    this.#now = options.now;
    this.#segmentBytes = options.segmentBytes ?? 64 << 20;
    this.#bytesMax = options.bytesMax ?? 1 << 30;
    this.#rememberMs = options.rememberMs ?? 3 * 3_600_000;
    this.#onTorn = options.onTorn ?? (() => {});
    this.#beforeWrite = options.beforeWrite ?? (() => {});
  }

  /** Finds out what is there. Before anything else, once. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const numbers = readdirSync(this.#folder)
      .flatMap((name) => /^(\d{12})\.journal$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    for (const segment of numbers) {
      const size = statSync(this.#path(segment)).size;
      const end = this.#scan(segment, size);
      if (end < size) {
        if (segment !== numbers.at(-1)) throw this.#damaged(segment, end);
        const file = await open(this.#path(segment), 'r+');
        await file.truncate(end);
        await file.datasync();
        await file.close();
        this.#onTorn(this.#path(segment), size - end);
      }
      this.#segments.set(segment, end);
      this.#last = segment;
    }
    this.#forget();
    if (this.#last < 0) await this.#begin();
    else this.#file = await open(this.#path(this.#last), 'r+');
  }

  /** The first record that is still there. */
  get start(): JournalPosition {
    const [first] = this.#segments.keys();
    return { segment: first ?? 0, offset: 0, record: 0 };
  }

  /** No record was ever taken, as far as this folder knows. */
  get isNew(): boolean {
    return this.start.segment === 0 && this.read(this.start, 1).found.length === 0;
  }

  /** Bytes on disk. */
  get bytes(): number {
    let sum = 0;
    for (const size of this.#segments.values()) sum += size;
    return sum;
  }

  /** Resolves when the records are durable. The same `request` is taken once, however often it comes; '' is no request.
   *  Rejects with JournalFull, and when the disk fails: then the records may be there or not. */
  async append(records: readonly Uint8Array[], request = ''): Promise<void> {
    if (request !== '') {
      const known = this.#inFlight.get(request);
      if (known) return known;
      if (this.#requests.has(request)) return;
    }
    this.#time = Math.max(this.#time, this.#now());
    const bytes = writeFrame({ kind: 'records', time: this.#time, request, records });
    if (this.bytes + this.#queuedBytes + bytes.length > this.#bytesMax) {
      throw new JournalFull(`${this.#bytesMax} bytes of records wait to be delivered`);
    }
    if (this.#queuedBytes > queuedBytesMax) throw new JournalFull('the disk is behind');
    this.#queuedBytes += bytes.length;
    const appended = new Promise<void>((resolve, reject) => {
      this.#queue.push({ bytes, request, time: this.#time, resolve, reject });
    });
    if (request !== '') {
      this.#inFlight.set(request, appended);
      const done = (): void => void this.#inFlight.delete(request);
      appended.then(done, done);
    }
    this.#flushing ??= this.#flush();
    return appended;
  }

  /** No record that is read later was accepted before this. */
  caughtUpTo(): Millis {
    const waiting = this.#taken[0] ?? this.#queue[0];
    if (waiting) return waiting.time;
    this.#time = Math.max(this.#time, this.#now());
    return this.#time;
  }

  /** Records from `from` on, of some `bytesMax` bytes in all, at least one if there is one. */
  read(
    from: JournalPosition,
    bytesMax: number,
    recordsMax = Number.POSITIVE_INFINITY,
  ): { readonly found: readonly JournalRecord[]; readonly next: JournalPosition } {
    const found: JournalRecord[] = [];
    let [bytes, { segment, offset, record }] = [0, from];
    while (bytes < bytesMax && found.length < recordsMax) {
      const end = this.#segments.get(segment);
      if (end === undefined) throw this.#missing(segment);
      if (offset >= end) {
        if (segment === this.#last) break;
        [segment, offset, record] = [segment + 1, 0, 0];
        continue;
      }
      const { frame, next } = this.#frameAt(segment, offset);
      const records = frame.kind === 'records' ? frame.records : [];
      for (; record < records.length && bytes < bytesMax && found.length < recordsMax; record++) {
        const data = records[record]!;
        found.push({ data, time: (frame as Extract<Frame, { kind: 'records' }>).time });
        bytes += data.length;
      }
      if (record >= records.length) [offset, record] = [next, 0];
    }
    return { found, next: { segment, offset, record } };
  }

  /** Resolves when there may be more to read, when `signal` is aborted, or after `millis`. */
  ready(millis: Millis, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, millis);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }

  /** Nothing before `position` is needed any more. */
  trim({ segment: first }: JournalPosition): void {
    for (const segment of [...this.#segments.keys()]) {
      if (segment >= first) return;
      unlinkSync(this.#path(segment));
      this.#segments.delete(segment);
    }
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#file?.close();
    this.#file = null;
    if (this.#descriptor) closeSync(this.#descriptor.file);
    this.#descriptor = null;
  }

  async #flush(): Promise<void> {
    while (this.#queue.length > 0) {
      const taken = this.#queue;
      this.#queue = [];
      this.#taken = taken;
      await this.#write(taken);
      this.#taken = [];
      this.#wake?.();
    }
    this.#flushing = null;
  }

  async #write(taken: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.concat(taken.map((waiting) => waiting.bytes));
    try {
      if (this.#segments.get(this.#last)! >= this.#segmentBytes) await this.#begin();
      const segment = this.#last;
      const at = this.#segments.get(segment)!;
      await this.#put(bytes, at);
      this.#segments.set(segment, at + bytes.length);
      for (const waiting of taken) {
        if (waiting.request !== '') this.#requests.set(waiting.request, waiting.time);
        waiting.resolve();
      }
    } catch (error) {
      // What part of it reached the disk is behind the durable end: the next write goes over it, or `open` cuts it off.
      for (const waiting of taken) waiting.reject(error);
    } finally {
      this.#queuedBytes -= bytes.length;
    }
  }

  async #put(bytes: Buffer, at: number): Promise<void> {
    this.#beforeWrite();
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file!.write(bytes, from, bytes.length - from, at + from);
      from += bytesWritten;
    }
    // A longer write that failed may have left its end behind this one, and it would look like frames.
    await this.#file!.truncate(at + bytes.length);
    await this.#file!.datasync();
  }

  /** A new segment. Its name is durable before anything in it is acknowledged. */
  async #begin(): Promise<void> {
    this.#forget();
    this.#beforeWrite();
    const segment = this.#last + 1;
    const file = await open(this.#path(segment), 'w+');
    const previous = this.#file;
    this.#file = file;
    try {
      const first = writeFrame({ kind: 'requests', requests: [...this.#requests] });
      await this.#put(first, 0);
      const folder = await open(this.#folder, 'r');
      await folder.sync().finally(() => folder.close());
      this.#segments.set(segment, first.length);
      this.#last = segment;
      await previous?.close();
    } catch (error) {
      this.#file = previous;
      await file.close();
      throw error;
    }
  }

  #forget(): void {
    const before = this.#now() - this.#rememberMs;
    const tooMany = this.#requests.size - requestsMax;
    let i = 0;
    // In the order they came, so the first are the oldest.
    for (const [request, time] of this.#requests) if (time < before || i++ < tooMany) this.#requests.delete(request);
  }

  /** Where the last whole frame of a segment ends. Learns the requests and the time on the way. */
  #scan(segment: number, size: number): number {
    let at = 0;
    while (at < size) {
      const read = this.#frame(segment, at, size);
      if (!read) return at;
      const { frame } = read;
      if (frame.kind === 'requests') for (const [id, time] of frame.requests) this.#requests.set(id, time);
      else {
        this.#time = Math.max(this.#time, frame.time);
        if (frame.request !== '') this.#requests.set(frame.request, frame.time);
      }
      at = read.next;
    }
    return at;
  }

  #frameAt(segment: number, offset: number): { readonly frame: Frame; readonly next: number } {
    if (this.#read?.segment === segment && this.#read.offset === offset) return this.#read;
    const read = this.#frame(segment, offset, this.#segments.get(segment)!);
    if (!read) throw this.#damaged(segment, offset);
    this.#read = { segment, offset, ...read };
    return read;
  }

  #frame(segment: number, offset: number, size: number): { readonly frame: Frame; readonly next: number } | null {
    if (offset + frameHeaderBytes > size) return null;
    const file = this.#reading(segment);
    const header = Buffer.allocUnsafe(frameHeaderBytes);
    readSync(file, header, 0, frameHeaderBytes, offset);
    const length = payloadBytes(header);
    const next = offset + frameHeaderBytes + length;
    if (next > size) return null;
    const payload = Buffer.allocUnsafe(length);
    readSync(file, payload, 0, length, offset + frameHeaderBytes);
    const frame = readFrame(header, payload);
    return frame && { frame, next };
  }

  #reading(segment: number): number {
    if (this.#descriptor?.segment !== segment) {
      if (this.#descriptor) closeSync(this.#descriptor.file);
      this.#descriptor = { segment, file: openSync(this.#path(segment), 'r') };
    }
    return this.#descriptor.file;
  }

  #path(segment: number): string {
    return join(this.#folder, `${String(segment).padStart(12, '0')}.journal`);
  }

  #damaged(segment: number, offset: number): SourceError {
    return new SourceError(
      `${this.#path(segment)} is damaged at byte ${offset}: records that were accepted are lost from there`,
    );
  }

  #missing(segment: number): SourceError {
    return new SourceError(`${this.#path(segment)} is not there: the checkpoint and the journal are not of one run`);
  }
}

export interface JournalRecord {
  readonly data: Uint8Array;
  /** When it was accepted. Never before that of the record before it. */
  readonly time: Millis;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly request: string;
  readonly time: Millis;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const queuedBytesMax = 64 << 20;
const requestsMax = 100_000;
