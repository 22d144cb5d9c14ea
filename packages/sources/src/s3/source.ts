import type { Readable } from 'node:stream';
import type { Millis, Poll, Schema, Source } from '@rowtime/core';
import { type ByteInput, openStream } from '../byte-input.ts';
import type { JsonDecoder } from '../decode/json.ts';
import { createDecoder, type InputSchema } from '../decoder.ts';
import { timeInName } from '../firehose-name.ts';
import { pause } from '../pause.ts';
import { inOrder, Listing, type ListingState, type ObjectEntry } from './listing.ts';

/** Where the objects are: a bucket under a prefix. Calls repeat what can be repeated, and reject with what somebody has to
 *  act on. */
export interface ObjectStore {
  /** Says where it is in messages: "s3://captains/raw/". */
  readonly name: string;
  /** One page of the listing, in the order of keys, and whether it was the last. */
  list(after: string): Promise<{ readonly entries: readonly ObjectEntry[]; readonly isLast: boolean }>;
  /** The object's bytes; null if it is gone or another one by now. */
  read(entry: ObjectEntry): Promise<Readable | null>;
  close(): void;
}

export interface ObjectSourceOptions {
  readonly store: ObjectStore;
  readonly inputSchema: InputSchema;
  readonly now: () => Millis;
  /** Objects that were written before this are not read. null: from the first. Default: the moment of the first `open`. */
  readonly since?: Millis | null;
  /** Keys up to this one are not listed: saves the listing of years. Default: none. */
  readonly after?: string;
  /** False: the source ends when all that is there is read. Default true: it goes on for ever. */
  readonly follow?: boolean;
  readonly suffix?: string;
  /** How long an object may come after those behind it. Default 2 hours. */
  readonly lookBackMs?: Millis;
  /** How often it is looked for new objects. Default 10 s. */
  readonly listEveryMs?: Millis;
  /** Time goes on without objects, so far behind the clock: a delivery stream keeps records back. Default 6 minutes, a little
   *  more than Firehose's default interval. */
  readonly delayMs?: Millis;
  readonly batchRows?: number;
  /** No batch has rows of two objects, and each says which one it is from, counted as they are read. */
  readonly isPartitioned?: boolean;
}

/** Plain data. */
export interface ObjectPosition {
  readonly since: Millis | null;
  readonly listing: ListingState;
  /** The object being read, and where its last polled record ends, in inflated bytes. */
  readonly current: { readonly entry: ObjectEntry; readonly offset: number } | null;
  readonly arrival: Millis;
  /** How many objects were begun. */
  readonly begun?: number;
}

export interface ObjectSource extends Source<ObjectPosition> {
  /** Before `open`: the columns that anyone reads, by index. */
  use(used: readonly boolean[]): void;
  /** How old the oldest object is that was listed and not yet read; 0: none is. */
  readonly millisBehindLatest: number;
}

/** Records of the objects that a delivery stream lands, hour by hour, each object once: NDJSON, JSON without delimiters, CSV,
 *  plain or gzip. A row arrived when the first record of its object did (the time in its name), or else when it was written. */
export function objectSource(options: ObjectSourceOptions): ObjectSource {
  return new Objects(options);
}

const batchRowsDefault = 8192;
const pollBytesMax = 32 << 20;
const idleMs = 500;
/** Objects that wait to be read. Beyond them the listing waits. */
const queueMax = 10_000;

class Objects implements ObjectSource {
  readonly #options: ObjectSourceOptions;
  #decoder: JsonDecoder;
  #since: Millis | null = null;
  #listing!: Listing;
  #queue: ObjectEntry[] = [];
  #listedAt = Number.NEGATIVE_INFINITY;
  #isComplete = false;
  /** The object being decoded; `input` null: read to its end. */
  #current: { readonly entry: ObjectEntry; input: ByteInput | null } | null = null;
  /** Times in a row that its connection broke. */
  #broken = 0;
  #offset = 0;
  #begun = 0;
  #arrival: Millis = Number.NEGATIVE_INFINITY;
  #rejected: Poll['rejected'][number][] = [];

  constructor(options: ObjectSourceOptions) {
    this.#options = options;
    this.#decoder = createDecoder(options.inputSchema);
  }

  get schema(): Schema {
    return this.#decoder.schema;
  }

  use(used: readonly boolean[]): void {
    this.#decoder = createDecoder(this.#options.inputSchema, { used });
  }

  get millisBehindLatest(): number {
    const oldest = this.#current?.entry ?? this.#queue[0];
    return oldest ? Math.max(0, this.#options.now() - oldest.modified) : 0;
  }

  async open(position: ObjectPosition | null): Promise<void> {
    const { since, now, after = '', suffix = '', lookBackMs = 2 * 3_600_000 } = this.#options;
    this.#since = position ? position.since : since === undefined ? now() : since;
    this.#arrival = position?.arrival ?? Number.NEGATIVE_INFINITY;
    this.#begun = position?.begun ?? 0;
    const state = position?.listing ?? { after, done: [] };
    this.#listing = new Listing({ since: this.#since, lookBackMs, suffix }, state);
    if (position?.current) await this.#openObject(position.current.entry, position.current.offset);
  }

  async poll(signal: AbortSignal): Promise<Poll> {
    const decoder = this.#decoder;
    const { batchRows = batchRowsDefault, follow = true, isPartitioned = false } = this.#options;
    let end = false;
    for (let bytes = 0; bytes < pollBytesMax && !signal.aborted; ) {
      if (decoder.decode(this.#arrival, batchRows)) break;
      if (this.#current?.input) {
        bytes += await this.#read(decoder);
        continue;
      }
      if (this.#current) this.#listing.markDone(this.#current.entry);
      this.#current = null;
      if (isPartitioned && decoder.rows > 0) break;
      if (await this.#next()) continue;
      end = !follow && this.#isComplete;
      if (!end && decoder.rows === 0) await pause(idleMs, signal);
      break;
    }
    if (this.#current) this.#offset = decoder.offset;
    const { batch, rejected } = decoder.take();
    const partition = isPartitioned ? { partition: Math.max(this.#begun - 1, 0) } : {};
    const all = [...this.#rejected, ...rejected];
    this.#rejected = [];
    return { batch, ...partition, rejected: all, caughtUpTo: this.#caughtUpTo(), end };
  }

  position(): ObjectPosition {
    return {
      since: this.#since,
      listing: this.#listing.snapshot(),
      current: this.#current && { entry: this.#current.entry, offset: this.#offset },
      arrival: this.#arrival,
      begun: this.#begun,
    };
  }

  async close(): Promise<void> {
    this.#current?.input?.close();
    this.#current = null;
    this.#options.store.close();
  }

  #caughtUpTo(): Millis {
    if (this.#current || this.#queue.length > 0 || !this.#isComplete) return this.#arrival;
    const { now, delayMs = 360_000 } = this.#options;
    this.#arrival = Math.max(this.#arrival, now() - delayMs);
    return this.#arrival;
  }

  /** Begins the next object; false if there is none. */
  async #next(): Promise<boolean> {
    const { now, listEveryMs = 10_000 } = this.#options;
    if (this.#queue.length === 0 && now() - this.#listedAt >= listEveryMs) await this.#list();
    const entry = this.#queue.shift();
    if (!entry) return false;
    this.#arrival = Math.max(this.#arrival, timeInName(entry.key) ?? entry.modified);
    this.#begun++;
    await this.#openObject(entry, 0);
    return true;
  }

  async #list(): Promise<void> {
    const { store, now } = this.#options;
    const found: ObjectEntry[] = [];
    this.#isComplete = false;
    for (let after = this.#listing.begin(); found.length < queueMax; ) {
      const { entries, isLast } = await store.list(after);
      found.push(...this.#listing.page(entries, now()));
      after = entries.at(-1)?.key ?? after;
      if (isLast) {
        this.#isComplete = true;
        break;
      }
    }
    this.#listing.end();
    this.#queue = inOrder(found);
    // While these are read more may come.
    this.#listedAt = found.length === 0 ? now() : Number.NEGATIVE_INFINITY;
  }

  async #openObject(entry: ObjectEntry, offset: number): Promise<void> {
    const { store } = this.#options;
    const bytes = await store.read(entry);
    if (!bytes) {
      this.#current = null;
      this.#lose(entry, offset);
      return;
    }
    const name = `${store.name}${entry.key}`;
    this.#current = { entry, input: await openStream(bytes, name, offset) };
    this.#offset = offset;
    this.#decoder.begin(offset, name);
  }

  /** Bytes read. A connection that breaks is made again where it broke. */
  async #read(decoder: JsonDecoder): Promise<number> {
    const current = this.#current!;
    const input = current.input!;
    try {
      const read = input.read(decoder.room());
      if (read === 0) await input.ready();
      if (read > 0) decoder.filled(read);
      if (read >= 0) return read;
    } catch (error) {
      input.close();
      if (++this.#broken > brokenMax) throw error;
      await this.#openObject(current.entry, decoder.offset);
      return 0;
    }
    decoder.end();
    input.close();
    current.input = null;
    this.#broken = 0;
    return 0;
  }

  /** Somebody deleted or replaced it between the listing and the reading. */
  #lose(entry: ObjectEntry, offset: number): void {
    this.#listing.markDone(entry);
    this.#rejected.push({
      time: this.#arrival,
      name: 'ObjectGone',
      message: `${this.#options.store.name}${entry.key} was deleted or replaced before it was read${offset > 0 ? ` beyond byte ${offset}` : ''}`,
      record: new Uint8Array(0),
    });
  }
}

const brokenMax = 10;
