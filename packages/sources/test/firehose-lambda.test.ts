import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  arrivalClock,
  errorStream,
  errorStreamSchema,
  Graph,
  run,
  type Source,
  stateless,
  streamId,
  toRows,
} from '@rowtime/core';
import { memoryStore } from '@rowtime/core/testing';
import { fileSink } from '@rowtime/sinks/file';
import { ObjectWriter } from '@rowtime/sinks/objects';
import { type InvokeAnswer, startInvokeServer } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJsonDecoder } from '../src/decode/json.ts';
import { deliveryStreamSource, Journal, type RecordDecoder } from '../src/firehose.ts';
import { lambdaProcessor, type Outcome, type RecordProcessor } from '../src/lambda.ts';
import { seeded } from './kinesis/reading.ts';

// features: F195

/** More on demand: ROWTIME_FAULT_SCHEDULES=1000 npx vitest run packages/sources/test/firehose-lambda.test.ts */
const schedules = Number(process.env.ROWTIME_FAULT_SCHEDULES ?? 6);
const records = 300;
const uncut = { bufferBytes: 1 << 20, bufferMs: 1e9 };
const never = new AbortController().signal;

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rowtime-lambda-'));
});
afterAll(() => rmSync(root, { recursive: true }));

interface InputEvent {
  readonly records: readonly { readonly recordId: string; readonly data: string }[];
}

/** The function: of n, two documents, none, what is no JSON, a failure, or no word. */
function answerTo({ records }: InputEvent): InvokeAnswer {
  const answers = records.flatMap(({ recordId, data }) => {
    const { n } = JSON.parse(Buffer.from(data, 'base64').toString());
    if (n % 7 === 1) return [{ recordId, result: 'Dropped' }];
    if (n % 7 === 2) return [{ recordId, result: 'ProcessingFailed' }];
    if (n % 7 === 3) return [];
    const text = n % 7 === 4 ? `no JSON ${n}` : `{"n":${10 * n}}{"n":${10 * n + 1}}`;
    return [{ recordId, result: 'Ok', data: Buffer.from(text).toString('base64') }];
  });
  return { answer: { records: answers } };
}

test('each record passes the function, lands as it came, and counts once, whatever broke and whenever it died', async () => {
  const folder = await journalOf('jobs', records);
  await live(folder, 'unbroken', () => {}, seeded(0), 0);
  const expected = contents('unbroken');
  const all = Array.from({ length: records }, (_, n) => n);
  expect(numbersIn(expected.landed)).toEqual(all);
  const isOk = (n: number) => [0, 5, 6].includes(n % 7);
  expect(numbersIn(expected.rows)).toEqual(all.filter(isOk).flatMap((n) => [10 * n, 10 * n + 1]));
  const failed = all.filter((n) => !isOk(n) && n % 7 !== 1);
  expect(expected.errors.map(([name, record]) => [name, Number(/\d+/.exec(record)?.[0])])).toEqual(
    failed.map((n) => [n % 7 === 4 ? 'MalformedRecord' : 'ProcessingFailed', n]),
  );

  for (let seed = 1; seed <= schedules; seed++) {
    const random = seeded(seed);
    const store = memoryStore();
    let deaths = 0;
    for (let died = true; died; ) {
      const step = deaths < 12 ? Math.floor(random() * 40) : Number.POSITIVE_INFINITY;
      let steps = 0;
      const beforeStep = () => {
        if (++steps > step) throw new Death();
      };
      died = await live(folder, `seed ${seed}`, beforeStep, random, 0.3, store).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Death)) throw error;
          deaths++;
          return true;
        },
      );
    }
    expect(contents(`seed ${seed}`), `seed ${seed}`).toEqual(expected);
    expect(deaths, `seed ${seed}`).toBeGreaterThan(0);
  }
}, 1_000_000);

test('while the function thinks, polls end without its records, and a stop takes them from it', async () => {
  const journal = await opened(await journalOf('slow', 1));
  let answer: (outcomes: Outcome[]) => void = () => {};
  let signal = never;
  const processor: RecordProcessor = {
    recordsMax: 500,
    process: (_, given) => {
      signal = given;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    close() {},
  };
  const landed: string[] = [];
  const landing = { append: (bytes: Uint8Array) => void landed.push(String(Buffer.from(bytes))) };
  const source = deliveryStreamSource({ journal, decoder: decoder(), stream: 'numbers', landing, processor });
  await source.open(null);
  const before = source.position();
  const waiting = { batch: null, rejected: [], caughtUpTo: 1_000, end: false };
  expect(await source.poll(AbortSignal.abort())).toEqual(waiting);
  expect(await source.poll(AbortSignal.abort())).toEqual(waiting);
  expect(source.position()).toEqual(before);
  expect(landed).toEqual([]);
  answer([{ result: 'Ok', data: Buffer.from('{"n":7}') }]);
  const { batch } = await source.poll(never);
  expect(toRows(source.schema, batch!).map(({ rowtime, row }) => [rowtime, row['N']])).toEqual([[1_000, 7]]);
  expect(landed).toEqual(['{"n":0}']);
  await source.close();
  expect(signal.aborted).toBe(true);
  await journal.close();
});

test('what a function fails with for good, the poll rejects with', async () => {
  const journal = await opened(await journalOf('refused', 1));
  const processor: RecordProcessor = {
    recordsMax: 500,
    process: () => Promise.reject(new Error('not allowed')),
    close() {},
  };
  const source = deliveryStreamSource({ journal, decoder: decoder(), stream: 'numbers', processor });
  await source.open(null);
  await expect(source.poll(never)).rejects.toThrow('not allowed');
  await source.close();
  await journal.close();
});

class Death extends Error {}

/** A journal with so many records, ten of a moment. */
async function journalOf(name: string, count: number): Promise<string> {
  const folder = join(root, '.journals', name);
  let n = 0;
  const journal = new Journal({ folder, now: () => 1_000 + Math.floor(n / 10) });
  await journal.open();
  for (; n < count; n++) await journal.append([Buffer.from(`{"n":${n}}`)]);
  await journal.close();
  return folder;
}

async function opened(folder: string): Promise<Journal> {
  const journal = new Journal({ folder, now: () => 1_000_000 });
  await journal.open();
  return journal;
}

const decoder = (): RecordDecoder =>
  createJsonDecoder({ columns: [{ name: 'N', type: { kind: 'integer' }, mapping: '$.n' }] });

/** One process: from the last checkpoint to the last record, or to its death. Calls fail with a chance of `faults`. */
async function live(
  journalFolder: string,
  folder: string,
  beforeStep: () => void,
  random: () => number,
  faults: number,
  store = memoryStore(),
): Promise<void> {
  const journal = await opened(journalFolder);
  const server = await startInvokeServer<InputEvent>((_, event) => {
    const chance = random();
    if (chance < faults / 3) return 'reset';
    if (chance < (2 * faults) / 3) return { throws: 'no' };
    return chance < faults ? { status: 429, type: 'TooManyRequestsException' } : answerTo(event);
  });
  const processor = await lambdaProcessor({
    functionName: 'tidy',
    applicationArn: '',
    streamArn: '',
    client: { region: 'us-east-1', endpoint: server.url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    recordsPerCall: 1 + Math.floor(random() * 40),
    random,
    retryMsMax: 2,
  });
  const out = { folder: join(root, folder), bufferBytes: 2_000, bufferMs: 7, beforeStep };
  const landing = new ObjectWriter({ ...out, stream: 'landing' });
  const source = deliveryStreamSource({ journal, decoder: decoder(), stream: 'numbers', landing, processor });
  const { schema } = source;
  try {
    await run(
      {
        source: ending(source, journal, beforeStep),
        stream: 'S',
        clock: arrivalClock(),
        graph: new Graph(
          [{ id: streamId('S'), operator: stateless(schema, (batch, emit) => emit(batch)), from: [] }],
          'plan',
        ),
        sinks: [
          { stream: 'S', sink: fileSink({ ...out, stream: 'S', schema }) },
          // One object, so that the order of its rows shows.
          {
            stream: errorStream,
            sink: fileSink({ ...out, ...uncut, stream: errorStream, schema: errorStreamSchema }),
          },
        ],
        participants: [landing],
        store,
        checkpointDue: () => random() < 0.3,
      },
      never,
    );
  } finally {
    await server.close();
    await journal.close();
  }
}

/** A source that ends with its journal, as none does, and may die at each poll. */
function ending(source: Source, journal: Journal, beforeStep: () => void): Source {
  return {
    ...source,
    async poll(signal) {
      beforeStep();
      const poll = await source.poll(signal);
      return { ...poll, end: journal.read(source.position() as Journal['start'], 1).found.length === 0 };
    },
  };
}

/** What a run left: the objects of each stream with their names, and of error_stream the rows without their time, which is
 *  that of the poll. */
function contents(folder: string) {
  const read = (stream: string) => {
    const path = join(root, folder, stream);
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((name): [string, string] => [name.slice(path.length), readFileSync(name, 'utf8')]);
  };
  const errors = read(errorStream).flatMap(([, text]) => text.trim().split('\n'));
  return {
    landed: read('1970'),
    rows: read('S'),
    errors: errors
      .map((line) => JSON.parse(line))
      .map((row): [string, string] => [row.ERROR_NAME, String(Buffer.from(row.DATA_ROW, 'hex'))]),
  };
}

/** Every number in the objects; those of one folder have no order in their names, so here they are sorted. */
function numbersIn(objects: readonly (readonly [string, string])[]): number[] {
  return objects
    .flatMap(([, text]) => Array.from(text.matchAll(/"[nN]":(\d+)/g), ([, digits]) => Number(digits)))
    .sort((a, b) => a - b);
}
