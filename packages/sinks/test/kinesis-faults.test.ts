// Kinesis under seeded schedules of what goes wrong: calls refused whole or in part, calls done whose reply is lost, late or cut, a
// stream that is resharded meanwhile, a process that dies before any call. ROWTIME_FAULT_SCHEDULES: how many; ROWTIME_FAULT_SEED:
// the first of them, to repeat one that failed.
import { DeleteStreamCommand, type KinesisClient, ListShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import {
  faultProxy,
  forSeeds,
  type ProxiedRequest,
  type ProxyFault,
  type ServerProcess,
  seededRandom,
  startKinesalite,
} from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  active,
  batch,
  clientOf,
  createStream,
  type PutRequest,
  recordsIn,
  recordsOf,
  schema,
  sinkTo,
} from './kinesis-wire.ts';
import { unpaced } from './pace.ts';

const schedules = Number(process.env['ROWTIME_FAULT_SCHEDULES'] ?? 12);
const first = Number(process.env['ROWTIME_FAULT_SEED'] ?? 1);

let server: ServerProcess;
let client: KinesisClient;
beforeAll(async () => {
  server = await startKinesalite();
  client = clientOf(server);
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const rows = 400;

test(
  `nothing is lost, and what comes twice was counted or sent by a process that died, in ${schedules} schedules`,
  async () => {
    const met = new Map<string, number>();
    await forSeeds({ first, count: schedules, atOnce: 3 }, async (seed) => {
      const dataStream = `faults-${seed}`;
      await createStream(client, dataStream, 2);
      const random = seededRandom(seed);
      const proxy = await faultProxy(server.url, (request) => {
        if (!recordsIn(request)) return 'pass';
        const [name, fault] = faultOf(random, request, seed % 6 === 0);
        met.set(name, (met.get(name) ?? 0) + 1);
        return fault;
      });
      let [saved, at, kills, sentByDead, counted]: [unknown, number, number, number, number] = [null, 0, 0, 0, 0];
      while (at < rows) {
        const dies = kills < 4 && random() < 0.5;
        let steps = Math.floor(random() * 6);
        let sent = 0;
        const sink = sinkTo(proxy.url, {
          dataStream,
          schema,
          partitionKey: 'K',
          pace: unpaced(seed),
          requestTimeoutMs: 200,
          strictOrder: seed % 7 === 0,
          beforeStep: (step) => {
            if (dies && steps-- === 0) throw new Death();
            sent += Number(/\d+/.exec(step)![0]);
          },
        });
        await sink.open(saved);
        let acknowledged = 0;
        let isDead = false;
        try {
          for (let epoch = 0; epoch < 3 && at < rows; epoch++) {
            const to = Math.min(at + 20 + Math.floor(random() * 60), rows);
            sink.write(batch(at, to, (n) => `k${n % 7}`));
            const prepared = await sink.prepare();
            [saved, at, acknowledged] = [prepared, to, sent];
            if (seed % 5 === 0 && random() < 0.2) await split(dataStream, random);
          }
        } catch (error) {
          if (!(error instanceof Death)) throw error;
          isDead = true;
          kills++;
          met.set('death', (met.get('death') ?? 0) + 1);
        }
        await sink.close();
        if (isDead) sentByDead += sent - acknowledged;
        counted += sink.counters.duplicatesPossible;
      }
      await proxy.close();
      const found = (await recordsOf(client, dataStream)).map(({ n }) => n);
      expect(new Set(found).size).toBe(rows);
      expect(found.length - rows).toBeLessThanOrEqual(counted + sentByDead);
      met.set('twice', (met.get('twice') ?? 0) + found.length - rows);
      await client.send(new DeleteStreamCommand({ StreamName: dataStream }));
    });
    // Or the schedules would not show anything.
    const expected = [
      'reset',
      'lose reply',
      'cut reply',
      'no reply',
      '500',
      'throttled',
      'in part',
      'split',
      'death',
      'twice',
    ];
    if (schedules >= 12) expect(expected.filter((name) => !met.get(name))).toEqual([]);

    async function split(StreamName: string, random: () => number): Promise<void> {
      const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
      const open = Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined);
      const { ShardId, HashKeyRange } = open[Math.floor(random() * open.length)]!;
      const [from, to] = [BigInt(HashKeyRange!.StartingHashKey!), BigInt(HashKeyRange!.EndingHashKey!)];
      const NewStartingHashKey = String((from + to) / 2n);
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit: ShardId, NewStartingHashKey }));
      // The next rows are written while the stream is UPDATING.
      if (random() < 0.5) await active(client, StreamName);
      met.set('split', (met.get('split') ?? 0) + 1);
    }
  },
  60_000 + schedules * 2_000,
);

class Death extends Error {}

function faultOf(random: () => number, request: ProxiedRequest, hangs: boolean): readonly [string, ProxyFault] {
  const chance = random();
  if (chance > 0.55) return ['pass', 'pass'];
  if (chance > 0.45) return ['reset', 'reset'];
  if (chance > 0.35) return ['lose reply', 'lose reply'];
  if (chance > 0.25) return ['cut reply', 'cut reply'];
  if (chance > 0.2) return ['500', { status: 500, body: '{"__type":"InternalFailure"}' }];
  if (chance > 0.1) return ['in part', inPart(request, random)];
  // A timeout is real time: in some schedules only.
  if (chance > 0.06 && hangs) return ['no reply', 'no reply'];
  const body = '{"__type":"ProvisionedThroughputExceededException","message":"slow"}';
  return ['throttled', { status: 400, body }];
}

/** About a third of the records is refused, each for one of two reasons; the server gets the others. */
function inPart({ body }: ProxiedRequest, random: () => number): ProxyFault {
  const { Records, ...stream } = JSON.parse(body.toString()) as PutRequest;
  const refused = Records.map(() => random() < 0.3);
  const taken = Records.filter((_, i) => !refused[i]);
  const codes = ['ProvisionedThroughputExceededException', 'InternalFailure'];
  if (taken.length === 0) return 'reset';
  return {
    body: Buffer.from(JSON.stringify({ ...stream, Records: taken })),
    changed(reply) {
      const answers = (JSON.parse(reply.toString()) as { Records: object[] }).Records;
      const all = refused.map((isRefused, i) =>
        isRefused ? { ErrorCode: codes[i % 2], ErrorMessage: 'no' } : answers.shift(),
      );
      const FailedRecordCount = refused.filter(Boolean).length;
      return Buffer.from(JSON.stringify({ FailedRecordCount, Records: all }));
    },
  };
}
