// CONFORMANCE_AWS=1: the suites of sources and sinks against a real account (docs/conformance-aws.md). `pnpm test:peers` runs them
// against moto, so that they work on the day they are wanted.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { fromRows, type Row, type Schema, toRows } from '@rowtime/core';
import { sinkContract, sourceContract } from '@rowtime/core/testing';
import { firehoseSink } from '@rowtime/sinks/firehose';
import { kinesisSink } from '@rowtime/sinks/kinesis';
import { s3Sink } from '@rowtime/sinks/s3';
import { type KinesisSourceOptions, kinesisSource } from '@rowtime/sources/kinesis';
import { S3Objects, s3Source } from '@rowtime/sources/s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, accountOf, until } from './account.ts';
import { s3Steps } from './probe.ts';

const found = accountOf(process.env);
const timeout = 1_800_000;
const never = new AbortController().signal;

describe('what CONFORMANCE_AWS says', () => {
  test('nothing is run without it, and nothing against a real account in CI or without a region', () => {
    expect(accountOf({})).toBeNull();
    expect(() => accountOf({ CONFORMANCE_AWS: '1', AWS_REGION: 'us-east-1', CI: 'true' })).toThrow('never run in CI');
    expect(() => accountOf({ CONFORMANCE_AWS: '1' })).toThrow('AWS_REGION');
  });

  test('another implementation is one by its address', async () => {
    const account = accountOf({ CONFORMANCE_AWS: '1', CONFORMANCE_AWS_ENDPOINT: 'http://127.0.0.1:1', CI: 'true' });
    expect(account).toMatchObject({ isReal: false, run: expect.stringMatching(/^rowtime-conformance-[0-9a-f]{8}$/) });
    await account?.release();
  });
});

describe.skipIf(found === null)('an account of AWS', { timeout }, () => {
  const account = found as Account;
  let root = '';
  let bucket = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'rowtime-account-'));
    bucket = await account.bucket();
    console.log(`makes ${account.run}-* in ${account.connection.endpoint ?? account.connection.region}`);
  }, timeout);
  afterAll(async () => {
    await rm(root, { recursive: true });
    await account.release();
  }, timeout);

  let cases = 0;

  describe('S3', () => {
    for (const { name, run, notIn } of s3Steps) {
      test.skipIf(!account?.isReal && notIn?.moto !== undefined)(`as our test server is: ${name}`, async () => {
        await run({ s3: account.s3, firehose: account.firehose, bucket: await account.bucket(), flush: () => {} });
      });
    }

    for (const { name, run } of sinkContract) {
      test(`sink: ${name}`, () => {
        const place = `sink-${cases++}`;
        return run({
          delivers: 'exactly once',
          create: (storage, schema, beforeStep) =>
            s3Sink({
              ...account.s3Connection,
              bucket,
              prefix: `${place}/${storage}/`,
              spool: join(root, place, storage),
              stream: 'OUT',
              schema,
              bufferBytes: 1_500,
              bufferMs: 90_000,
              beforeStep,
            }),
          delivered: async (storage) => {
            const objects = await account.objects(bucket, `${place}/${storage}/`);
            return objects.map(({ key, content }) => `${key}\n${content}`);
          },
        });
      });
    }

    test('sink: an object above partBytes goes up in parts, and another one in its place is not overwritten', async () => {
      const publish = async (count: number, spool: string) => {
        const options = { bucket, prefix: 'parts/', spool: join(root, spool), stream: 'OUT', schema: numbers };
        const sink = s3Sink({ ...account.s3Connection, ...options, bufferBytes: 32 << 20, partBytes: 5 << 20 });
        await sink.open(null);
        sink.write(rowsOf(count, 'x'.repeat(1_000)));
        sink.advance(Number.POSITIVE_INFINITY);
        await sink.commit(await sink.prepare());
        await sink.close();
      };
      await publish(12_000, 'first');
      const [{ content = '' } = {}] = await account.objects(bucket, 'parts/');
      expect(content.length).toBeGreaterThan(10 << 20);
      await publish(12_000, 'same');
      await expect(publish(6_000, 'other')).rejects.toThrow('exists with other content');
    });

    describe('source', () => {
      const prefix = 'source/';
      beforeAll(async () => {
        for (let n = 0; n < 24; n += 4) {
          const Body = `${[n, n + 1].map((i) => `{"n":${i}}`).join('')}{"n":tru\n${[n + 2, n + 3].map((i) => `{"n":${i}}`).join('\n')}`;
          const Key = `${prefix}2024/01/01/00/s-1-2024-01-01-00-${String(n).padStart(2, '0')}-00-x`;
          await account.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
        }
      }, timeout);
      for (const { name, run } of sourceContract) {
        test(name, () =>
          run({
            create: () =>
              s3Source({
                bucket,
                prefix,
                client: account.s3Connection,
                random: Math.random,
                inputSchema: { columns },
                now: () => Date.UTC(2024, 0, 2),
                since: null,
                follow: false,
                batchRows: 2,
              }),
            rows: 24,
            rejected: 6,
          }),
        );
      }
    });

    test('says what to do about a bucket that is not there', async () => {
      const objects = await S3Objects.connect({
        bucket: account.name(),
        client: account.s3Connection,
        random: Math.random,
      });
      await expect(objects.list('')).rejects.toThrow(/s3:ListBucket on .* failed: NoSuchBucket.* To fix it: create it/);
      objects.close();
    });

    test.skipIf(!account?.isReal)('says what to do about a bucket in another region', async () => {
      const region = account.connection.region === 'us-west-2' ? 'us-east-1' : 'us-west-2';
      const objects = await S3Objects.connect({ bucket, client: { region }, random: Math.random });
      await expect(objects.list('')).rejects.toThrow('it is in another region: name that one');
      objects.close();
    });
  });

  describe('Kinesis data streams', () => {
    let stream = '';
    beforeAll(async () => {
      stream = await account.stream(2);
      for (let from = 0; from < 36; from += 6) {
        const records = numbersIn(from, from + 4).map((data) => ({ data, key: data }));
        await put(stream, [
          ...records,
          { data: `${numbersIn(from + 4, from + 5)}{"n": tru\n${numbersIn(from + 5, from + 6)}`, key: `${from}` },
        ]);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }, timeout);

    describe.each([
      ['GetRecords', {}],
      ['enhanced fan-out', { fanOut: 'rowtime-conformance' }],
    ])('source, by %s', (_, options) => {
      for (const { name, run } of sourceContract) {
        // moto knows no SubscribeToShard.
        test.skipIf(!account?.isReal && 'fanOut' in options)(name, () =>
          run({ create: () => sourceOf(stream, { batchRows: 3, ...options }), rows: 36, rejected: 6 }),
        );
      }
    });

    test('source: a split is followed, each key in order', async () => {
      const split = await account.stream(1);
      const kinesis = await account.kinesis();
      const records = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, i) => ({ data: `{"n":${from + i}}`, key: `k${(from + i) % 5}` }));
      await put(split, records(0, 50));
      const half = String(2n ** 127n);
      const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: split }));
      const ShardToSplit = Shards[0]!.ShardId!;
      await kinesis.send(new SplitShardCommand({ StreamName: split, ShardToSplit, NewStartingHashKey: half }));
      await account.active(split);
      await put(split, records(50, 100));
      const source = await sourceOf(split);
      await source.open(null);
      const rows: Row[] = [];
      while (rows.length < 100) {
        const { batch } = await source.poll(never);
        if (batch) rows.push(...toRows(source.schema, batch).map(({ row }) => row));
      }
      await source.close();
      for (let key = 0; key < 5; key++) {
        const ofKey = rows.map(({ n }) => Number(n)).filter((n) => n % 5 === key);
        expect(ofKey).toEqual(Array.from({ length: 20 }, (_, i) => key + 5 * i));
      }
    });

    test('source: says what to do about a stream that is not there', async () => {
      const source = await sourceOf(account.name());
      await expect(source.open(null)).rejects.toThrow(
        /kinesis:ListShards on stream .* failed: ResourceNotFoundException.* To fix it: create it/,
      );
      await source.close();
    });

    describe('sink', () => {
      let into = '';
      let reader: Reader;
      beforeAll(async () => {
        into = await account.stream(2);
        reader = await Reader.of(account, into);
      }, timeout);

      for (const { name, run } of sinkContract) {
        test(name, () => {
          // One stream for all: what comes is of the storage that was written last.
          const delivered = new Map<string, string[]>();
          let current: string | null = null;
          const read = async (): Promise<void> => {
            const more = await reader.readAll();
            if (current !== null) delivered.set(current, [...(delivered.get(current) ?? []), ...more]);
          };
          return run({
            delivers: 'at least once',
            create(storage, schema, beforeStep) {
              // moto loses records of calls that come at the same time; a process that died may have one under way.
              const callsAtOnce = account.isReal ? 2 : 1;
              const options = {
                dataStream: into,
                stream: 'OUT',
                schema,
                partitionKey: 'NAME',
                callsAtOnce,
                beforeStep,
              };
              const sink = kinesisSink({ ...account.connection, ...options });
              return {
                open: async (prepared) => {
                  if (!account.isReal) await new Promise((resolve) => setTimeout(resolve, 50));
                  if (current !== storage) await read();
                  current = storage;
                  await sink.open(prepared);
                },
                get pendingBytes() {
                  return sink.pendingBytes;
                },
                write: (batch, errors) => sink.write(batch, errors),
                advance: (watermark) => sink.advance(watermark),
                prepare: () => sink.prepare(),
                commit: (prepared) => sink.commit(prepared),
                close: () => sink.close(),
              };
            },
            async delivered(storage) {
              await read();
              return (delivered.get(storage) ?? []).sort();
            },
          });
        });
      }
    });
  });

  describe('Firehose', () => {
    const role = account?.firehoseRole ?? null;

    test.skipIf(role === null)('sink: every row lands, packed by row and by lines', async () => {
      for (const pack of ['row', 'lines'] as const) {
        const landing = await account.bucket();
        const deliveryStream = await account.deliveryStream(landing, role!);
        const format = { type: 'JSON', delimiter: '\n' } as const;
        const sink = firehoseSink({
          ...account.connection,
          deliveryStream,
          stream: 'OUT',
          schema: numbers,
          format,
          pack,
        });
        await sink.open(null);
        sink.write(rowsOf(3_000, null));
        await sink.commit(await sink.prepare());
        await sink.close();
        const landed = async () => {
          const objects = await account.objects(landing);
          return objects.flatMap(({ content }) => content.split('\n').filter((line) => line !== ''));
        };
        await until(async () => new Set(await landed()).size >= 3_000);
        const expected = Array.from({ length: 3_000 }, (_, N) => `{"N":${N},"TEXT":null}`);
        expect([...new Set(await landed())].sort()).toEqual(expected.sort());
        expect((await landed()).length).toBeLessThanOrEqual(3_000 + sink.counters.duplicatesPossible);
        if (account.isReal) {
          const [{ key = '' } = {}] = await account.objects(landing);
          expect(key).toMatch(
            new RegExp(`^\\d{4}/\\d\\d/\\d\\d/\\d\\d/${deliveryStream}-1-\\d{4}(-\\d\\d){5}-[0-9a-f-]{36}$`),
          );
        }
      }
    });

    test('sink: says what to do about a delivery stream that is not there', async () => {
      const options = { deliveryStream: account.name(), stream: 'OUT', schema: numbers };
      const sink = firehoseSink({ ...account.connection, ...options });
      await sink.open(null);
      sink.write(rowsOf(1, null));
      await expect(sink.prepare()).rejects.toThrow(
        /firehose:PutRecordBatch on delivery stream .* failed: ResourceNotFoundException.* To fix it: create it/,
      );
      await sink.close();
    });
  });

  async function put(stream: string, records: readonly { readonly data: string; readonly key: string }[]) {
    const Records = records.map(({ data, key }) => ({ Data: Buffer.from(data), PartitionKey: key }));
    const { FailedRecordCount } = await (await account.kinesis()).send(
      new PutRecordsCommand({ StreamName: stream, Records }),
    );
    expect(FailedRecordCount ?? 0).toBe(0);
  }

  function sourceOf(stream: string, options: Partial<KinesisSourceOptions> = {}) {
    return kinesisSource({
      stream,
      columns,
      start: 'TRIM_HORIZON',
      client: account.connection,
      now: Date.now,
      random: Math.random,
      ...(!account.isReal && { intervalMs: 0, idleMs: 20, settleMs: 50 }),
      ...options,
    });
  }
});

const columns = [{ name: 'n', type: { kind: 'integer' as const }, mapping: '$.n' }];
const numbers: Schema = [
  { name: 'N', type: { kind: 'integer' }, nullable: false },
  { name: 'TEXT', type: { kind: 'varchar', length: null }, nullable: true },
];

function numbersIn(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `{"n":${from + i}}`);
}

function rowsOf(count: number, TEXT: string | null) {
  return fromRows(
    numbers,
    Array.from({ length: count }, (_, N) => ({ rowtime: Date.UTC(2024, 0, 1), row: { N, TEXT } })),
  );
}

/** Reads a stream without any of our own code: each record once, from its oldest on. */
class Reader {
  readonly #account: Account;
  readonly #iterators: (string | undefined)[];

  private constructor(account: Account, iterators: string[]) {
    this.#account = account;
    this.#iterators = iterators;
  }

  static async of(account: Account, StreamName: string): Promise<Reader> {
    const kinesis = await account.kinesis();
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
    const iterators = Shards.map(async ({ ShardId }) => {
      const input = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
      return (await kinesis.send(new GetShardIteratorCommand(input))).ShardIterator!;
    });
    return new Reader(account, await Promise.all(iterators));
  }

  /** What came since the last call. */
  async readAll(): Promise<string[]> {
    const kinesis = await this.#account.kinesis();
    const data: string[] = [];
    for (const i of this.#iterators.keys()) {
      // Empty more than once: a reply may be empty although there is more.
      for (let empty = 0; empty < (this.#account.isReal ? 3 : 1); ) {
        const reply = await kinesis.send(new GetRecordsCommand({ ShardIterator: this.#iterators[i] }));
        this.#iterators[i] = reply.NextShardIterator;
        const records = reply.Records ?? [];
        data.push(...records.map(({ Data }) => Buffer.from(Data!).toString()));
        if (records.length === 0 && (reply.MillisBehindLatest ?? 0) === 0) empty++;
        if (this.#account.isReal) await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
    return data;
  }
}
