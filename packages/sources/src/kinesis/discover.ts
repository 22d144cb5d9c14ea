import { realPace } from '@rowtime/aws';
import { type Discovered, discoverInput } from '../discover-input.ts';
import { Sample } from '../sample.ts';
import { type KinesisClientOptions, KinesisStream } from './client.ts';
import { pollShard } from './read-shard.ts';
import { userRecords } from './user-records.ts';

export interface DiscoverStreamOptions {
  /** The name of the stream, or its ARN. */
  readonly stream: string;
  readonly client?: KinesisClientOptions;
  /** The wall clock. */
  readonly now: () => number;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  /** Aborted: rejects. */
  readonly signal: AbortSignal;
}

/** What the oldest records of a Kinesis data stream are, shard after shard; without columns while there are none. */
export async function discoverStream(options: DiscoverStreamOptions): Promise<Discovered> {
  const { now, random, signal } = options;
  const stream = await KinesisStream.connect(options.stream, options.client ?? {}, {
    pace: { ...realPace, random },
    stop: signal,
  });
  const sample = new Sample();
  try {
    for (const { id } of await stream.shards()) {
      const start = { type: 'TRIM_HORIZON' } as const;
      const replies = pollShard({ stream, shard: id, start, startedAt: 0, now, signal }, pace);
      for await (const { records, millisBehindLatest } of replies) {
        for (const { Data } of records) addRecord(sample, Data!);
        if (sample.isFull || millisBehindLatest === 0) break;
      }
      if (sample.isFull) break;
    }
  } finally {
    stream.destroy();
  }
  return discoverInput(sample.bytes());
}

/** As a source that has as much room as a sample; other consumers of the shard keep most of its calls. */
const pace = { intervalMs: 250, idleMs: 250, limit: () => 1_000 };

function addRecord(sample: Sample, record: Uint8Array): void {
  for (const { data } of userRecords(record) ?? [{ data: record }]) {
    const room = sample.room();
    const taken = data.subarray(0, room.length);
    room.set(taken);
    sample.filled(taken.length);
    sample.endRecord();
  }
}
