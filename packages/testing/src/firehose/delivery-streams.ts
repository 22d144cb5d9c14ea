import { gzipSync } from 'node:zlib';
import { type ObjectLayout, objectLayout } from '@rowtime/sinks/layout';
import {
  batchReply,
  deliveryStreamArn,
  describeDeliveryStream,
  type FirehoseDestination,
  FirehoseFault,
  type FirehoseRequest,
} from '@rowtime/sources/firehose-api';
import { Ledger } from '../ledger.ts';
import type { S3Store } from '../s3/store.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a second may bring to one delivery stream. Over it single records, or whole calls, are refused. */
export interface FirehoseQuotas {
  readonly requestsPerSecond: number;
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface PutFault {
  /** These records of the call are refused. */
  readonly failed?: readonly number[];
  readonly code?: string;
  /** How often each record that is taken is stored. */
  readonly times?: number;
}

interface Options {
  readonly store: S3Store;
  readonly now: () => number;
  readonly quotas: FirehoseQuotas | null;
  readonly keepsData: boolean;
}

/** Delivery streams with Direct PUT and S3 behind them: buffers by size and by the age of the oldest record, objects named
 *  as Firehose names them. While S3 refuses an object it is kept and tried again, for 24 hours. */
export class DeliveryStreams {
  readonly #options: Options;
  readonly #streams = new Map<string, DeliveryStream>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** What it has accepted. */
  ledger(stream: string): Ledger {
    return this.#find(stream).ledger;
  }

  /** Objects that S3 refused for so long that they were given up. */
  dropped(stream: string): number {
    return this.#find(stream).dropped;
  }

  /** As CreateDeliveryStream, for tests that need no more than one. */
  create(name: string, destination: FirehoseDestination): void {
    this.handle({ action: 'CreateDeliveryStream', stream: name, destination });
  }

  /** Delivers what is due by now. */
  flushDue(): void {
    for (const stream of this.#streams.values()) stream.flushDue();
  }

  /** Delivers everything. */
  flush(): void {
    for (const stream of this.#streams.values()) stream.flush();
  }

  /** The body of the reply. Throws a FirehoseFault. */
  handle(request: FirehoseRequest, fault: PutFault = {}): string {
    switch (request.action) {
      case 'PutRecordBatch':
        return batchReply(this.#find(request.stream).put(request.records, fault));
      case 'PutRecord': {
        const [result] = this.#find(request.stream).put(request.records, fault);
        if (result && 'id' in result) return JSON.stringify({ RecordId: result.id, Encrypted: false });
        throw unavailable();
      }
      case 'CreateDeliveryStream': {
        const { stream, destination } = request;
        if (this.#streams.has(stream)) throw new FirehoseFault('ResourceInUseException', `${stream} exists already`);
        this.#streams.set(stream, new DeliveryStream(stream, destination, this.#options));
        return JSON.stringify({ DeliveryStreamARN: deliveryStreamArn(stream) });
      }
      case 'UpdateDestination':
        this.#find(request.stream).update(request.changes);
        return '{}';
      case 'DescribeDeliveryStream':
        return this.#find(request.stream).describe();
      case 'DeleteDeliveryStream':
        this.#find(request.stream).flush();
        this.#streams.delete(request.stream);
        return '{}';
      case 'ListDeliveryStreams': {
        const names = [...this.#streams.keys()].sort().filter((name) => request.after === null || name > request.after);
        const listed = names.slice(0, request.limit);
        return JSON.stringify({ DeliveryStreamNames: listed, HasMoreDeliveryStreams: listed.length < names.length });
      }
    }
  }

  #find(name: string): DeliveryStream {
    const stream = this.#streams.get(name);
    if (stream) return stream;
    throw new FirehoseFault('ResourceNotFoundException', `Firehose ${name} under account 000000000000 not found.`);
  }
}

const keptMs = 24 * 3_600_000;

class DeliveryStream {
  readonly ledger: Ledger;
  dropped = 0;
  readonly #name: string;
  readonly #options: Options;
  readonly #requests: TokenBucket;
  readonly #records: TokenBucket;
  readonly #bytes: TokenBucket;
  #destination: FirehoseDestination;
  #layout: ObjectLayout;
  #version = 1;
  #sequence = 0;
  #buffer: Buffer[] = [];
  #bufferBytes = 0;
  #first = 0;
  /** Cut, and not yet taken by S3. */
  #waiting: { readonly sequence: number; readonly first: number; readonly content: Buffer }[] = [];

  constructor(name: string, destination: FirehoseDestination, options: Options) {
    this.ledger = new Ledger(options.keepsData);
    this.#name = name;
    this.#options = options;
    const { quotas, now } = options;
    this.#requests = new TokenBucket(quotas?.requestsPerSecond ?? Number.POSITIVE_INFINITY, now);
    this.#records = new TokenBucket(quotas?.recordsPerSecond ?? Number.POSITIVE_INFINITY, now);
    this.#bytes = new TokenBucket(quotas?.bytesPerSecond ?? Number.POSITIVE_INFINITY, now);
    this.#destination = destination;
    this.#layout = layoutOf(name, destination, this.#version);
  }

  describe(): string {
    return describeDeliveryStream(this.#name, this.#version, this.#destination);
  }

  update(changes: Partial<FirehoseDestination>): void {
    const destination = { ...this.#destination, ...changes };
    this.#layout = layoutOf(this.#name, destination, this.#version + 1);
    this.#destination = destination;
    this.#version++;
  }

  put(records: readonly Buffer[], { failed = [], code = 'ServiceUnavailableException', times = 1 }: PutFault) {
    if (!this.#requests.take(1)) throw unavailable();
    const taken: Buffer[] = [];
    const results = records.map((data, i) => {
      if (failed.includes(i)) return { error: code };
      const isWithin = this.#records.take(1) && this.#bytes.take(data.length);
      if (!isWithin) return { error: 'ServiceUnavailableException' };
      const id = `${this.#name}-${this.ledger.count}`;
      for (let time = 0; time < times; time++) {
        this.ledger.add({ id, data });
        taken.push(data);
      }
      return { id };
    });
    for (const data of taken) this.#append(data);
    this.flushDue();
    return results;
  }

  flushDue(): void {
    const { bufferBytes, bufferMs } = this.#destination;
    const isOld = this.#buffer.length > 0 && this.#options.now() - this.#first >= bufferMs;
    if (isOld || this.#bufferBytes >= bufferBytes) this.#cut();
    this.#deliver();
  }

  flush(): void {
    this.#cut();
    this.#deliver();
  }

  #append(data: Buffer): void {
    if (!this.#options.keepsData) return;
    if (this.#buffer.length === 0) this.#first = this.#options.now();
    this.#buffer.push(data);
    this.#bufferBytes += data.length;
    if (this.#bufferBytes >= this.#destination.bufferBytes) this.#cut();
  }

  #cut(): void {
    if (this.#buffer.length === 0) return;
    // Nothing between records: Firehose adds no delimiter.
    this.#waiting.push({ sequence: this.#sequence++, first: this.#first, content: Buffer.concat(this.#buffer) });
    this.#buffer = [];
    this.#bufferBytes = 0;
  }

  #deliver(): void {
    const { bucket, compression } = this.#destination;
    this.#waiting = this.#waiting.filter(({ sequence, first, content }) => {
      const isPacked = compression === 'GZIP';
      const headers = {
        'content-type': 'application/octet-stream',
        ...(isPacked && { 'content-encoding': 'gzip' }),
      };
      try {
        const body = isPacked ? gzipSync(content) : content;
        this.#options.store.put(bucket, this.#layout.key(sequence, first), body, headers);
        return false;
      } catch {
        if (this.#options.now() - first < keptMs) return true;
        this.dropped++;
        return false;
      }
    });
  }
}

function layoutOf(stream: string, destination: FirehoseDestination, version: number): ObjectLayout {
  const { prefix, errorPrefix, timeZone, compression } = destination;
  try {
    if (prefix.includes('!{') && !errorPrefix?.includes('!{firehose:error-output-type}')) {
      throw new RangeError('with expressions in Prefix, ErrorOutputPrefix has !{firehose:error-output-type}');
    }
    const extension = compression === 'GZIP' ? '.gz' : '';
    return objectLayout({ stream, prefix, ...(errorPrefix !== null && { errorPrefix }), timeZone, version, extension });
  } catch (error) {
    throw new FirehoseFault('InvalidArgumentException', (error as Error).message);
  }
}

function unavailable(): FirehoseFault {
  return new FirehoseFault('ServiceUnavailableException', 'Slow down.', 503);
}
