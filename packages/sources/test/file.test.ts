import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { type Poll, type RejectedRecord, type Row, toRows } from '@rowtime/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InputColumn } from '../src/decode/json.ts';
import { type FilePosition, type FileSource, type FileSourceOptions, fileSource } from '../src/file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sources-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Files by name, each modified one second after the one before. */
function write(files: Record<string, string | Uint8Array>): void {
  let modified = 1_600_000_000;
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    utimesSync(path, modified, modified++);
  }
}

const columns: readonly InputColumn[] = [{ name: 'a', type: { kind: 'integer' }, mapping: '$.a' }];
const never = new AbortController().signal;

interface Read {
  readonly a: unknown[];
  readonly times: number[];
  readonly rejected: RejectedRecord[];
  readonly positions: FilePosition[];
  readonly polls: Poll[];
}

async function readAll(source: FileSource, position: FilePosition | null = null): Promise<Read> {
  await source.open(position);
  const read: Read = { a: [], times: [], rejected: [], positions: [], polls: [] };
  for (let end = false; !end; ) {
    const poll = await source.poll(never);
    end = poll.end;
    read.polls.push(poll);
    read.positions.push(structuredClone(source.position()));
    read.rejected.push(...poll.rejected);
    if (!poll.batch) continue;
    const rows: { rowtime: number; row: Row }[] = toRows(source.schema, poll.batch);
    read.a.push(...rows.map(({ row }) => row.a));
    read.times.push(...rows.map(({ rowtime }) => rowtime));
  }
  await source.close();
  return read;
}

async function readFiles(input: string | string[], options: Partial<FileSourceOptions> = {}): Promise<Read> {
  const paths = [input].flat().map((name) => join(folder, name));
  return readAll(await fileSource({ input: paths, columns, ...options }));
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"a": ${from + i}}\n`).join('');
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('files', () => {
  test('of a glob are read in the order of their names', async () => {
    write({
      'x/b.json': lines(2, 4),
      'x/a.json': lines(0, 2),
      'x/10.json': lines(9, 10),
      'y/c.txt': 'no',
      'y/c.json': lines(4, 6),
    });
    expect((await readFiles('**/*.json')).a).toEqual([9, 0, 1, 2, 3, 4, 5]);
    expect((await readFiles(['y/*.json', 'x/*.json', 'x/a.json'])).a).toEqual([4, 5, 9, 0, 1, 2, 3]);
  });

  test('may have names that look like globs', async () => {
    write({ 'a[1].json': lines(0, 1), 'a1.json': lines(7, 8) });
    expect((await readFiles('a[1].json')).a).toEqual([0]);
  });

  test('may be empty, or end without a line end, and records do not span them', async () => {
    write({ a: '', b: lines(0, 2).trim(), c: '{"a":', d: '2}', e: '{"a":5}' });
    const { a, rejected } = await readFiles('*');
    expect(a).toEqual([0, 1, 5]);
    expect(rejected.map(({ message }) => message)).toEqual([
      `malformed JSON: the input ends inside the record; record at byte 0 of ${join(folder, 'c')}`,
      `a record is a JSON object: unexpected "2"; record at byte 0 of ${join(folder, 'd')}`,
    ]);
  });

  test('of no bytes give no rows and an end', async () => {
    write({ a: '' });
    const { polls } = await readFiles('a');
    expect(polls).toMatchObject([{ batch: null, rejected: [], end: true }]);
  });

  test('are inflated if they are gzip, of one member or several', async () => {
    const members = Buffer.concat([gzipSync(lines(0, 3)), gzipSync('{"a":3}{"a"'), gzipSync(':4}')]);
    write({ 'a.gz': members, b: gzipSync(lines(5, 7)), 'c.gz': lines(7, 8), d: gzipSync('') });
    expect((await readFiles('*')).a).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('come in batches of about the size that was asked for', async () => {
    write({ a: lines(0, 250), b: lines(250, 500) });
    const { a, polls } = await readFiles('*', { batchRows: 100 });
    expect(a).toEqual(numbers(0, 500));
    expect(polls.map(({ batch }) => batch?.length)).toEqual([100, 100, 100, 100, 100, undefined]);
    expect(polls.map(({ end }) => end)).toEqual([false, false, false, false, false, true]);
  });

  test('larger than any buffer come whole', async () => {
    write({ a: lines(0, 200_000), 'b.gz': gzipSync(lines(200_000, 300_000)) });
    const { a, polls } = await readFiles('*');
    expect(a).toEqual(numbers(0, 300_000));
    expect(Math.max(...polls.map(({ batch }) => batch?.length ?? 0))).toBe(8192);
  });

  test.each([
    ['nothing.json', 'there is no file'],
    ['*.json', 'no file matches'],
    ['x', 'is a folder'],
  ])('%s: %s', async (name, message) => {
    write({ 'x/a': '' });
    await expect(readFiles(name)).rejects.toThrow(message);
    await expect(readFiles(name)).rejects.toThrow(join(folder, name));
  });

  test('of broken gzip end with an error that names them', async () => {
    write({ a: gzipSync(lines(0, 1000)).subarray(0, 1000) });
    await expect(readFiles('a')).rejects.toThrow(`cannot read ${join(folder, 'a')}: unexpected end of file`);
  });

  test('are closed when the job stops', async () => {
    write({ a: lines(0, 1000), 'b.gz': gzipSync(lines(0, 100_000)) });
    for (const name of ['a', 'b.gz']) {
      const source = await fileSource({ input: join(folder, name), columns, batchRows: 10 });
      await source.open(null);
      await source.poll(never);
      await source.close();
    }
  });
});

describe('arrival times', () => {
  test('are those in the names of Firehose objects, else when the file was modified, and never go back', async () => {
    write({
      'captains-kfh-1-2021-09-22-14-55-40-0b7e3a4c-1111-2222-3333-444455556666': lines(0, 1),
      'captains-kfh-1-2021-09-22-14-56-40-0b7e3a4c-1111-2222-3333-444455556666.gz': gzipSync(lines(1, 2)),
      'd.json': lines(2, 3),
    });
    const { times, polls } = await readFiles('*');
    const first = Date.UTC(2021, 8, 22, 14, 55, 40);
    expect(times).toEqual([first, first + 60_000, first + 60_000]);
    expect(polls.at(-1)?.caughtUpTo).toBe(first + 60_000);
    expect((await readFiles('d.json')).times).toEqual([1_600_000_002_000]);
  });

  test('can be given', async () => {
    write({ a: lines(0, 1), b: lines(1, 2) });
    const { times } = await readFiles('*', { arrival: (path, modified) => (path.endsWith('a') ? 5 : modified) });
    expect(times).toEqual([5, 1_600_000_001_000]);
  });
});

describe('a position', () => {
  test('is where the last polled record ends: the rest follows, at the same times, from any of them', async () => {
    const text = `${lines(0, 40)}bad\n{"a": "x"}\n${lines(40, 90)}`;
    write({ a: text, b: gzipSync(text), c: '', 'd.json': lines(90, 99) });
    const whole = await readFiles('*', { batchRows: 7 });
    const messages = (rejected: RejectedRecord[]) => rejected.map(({ message }) => message);
    for (const [i, position] of whole.positions.entries()) {
      const before = whole.polls.slice(0, i + 1);
      const rows = before.reduce((sum, { batch }) => sum + (batch?.length ?? 0), 0);
      const rejected = before.reduce((sum, poll) => sum + poll.rejected.length, 0);
      const source = await fileSource({ input: join(folder, '*'), columns, batchRows: 11 });
      const rest = await readAll(source, position);
      expect(rest.a).toEqual(whole.a.slice(rows));
      expect(rest.times).toEqual(whole.times.slice(rows));
      expect(messages(rest.rejected)).toEqual(messages(whole.rejected).slice(rejected));
    }
  });

  async function resume(change: () => void): Promise<Read> {
    write({ 'b.json': lines(0, 100), 'c.json': lines(100, 110) });
    const options = { input: join(folder, '*.json'), columns, batchRows: 50 };
    const source = await fileSource(options);
    await source.open(null);
    await source.poll(never);
    const position = source.position();
    await source.close();
    change();
    return readAll(await fileSource(options), position);
  }

  test('holds although the file was touched', async () => {
    const { a, times } = await resume(() => utimesSync(join(folder, 'b.json'), 1, 1));
    expect(a).toEqual(numbers(50, 110));
    expect(times[0]).toBe(1_600_000_000_000);
  });

  test('holds although files before and after it came or went', async () => {
    const { a } = await resume(() => writeFileSync(join(folder, 'd.json'), lines(110, 111)));
    expect(a).toEqual(numbers(50, 111));
  });

  test.each<[string, () => void]>([
    ['has changed since', () => appendFileSync(join(folder, 'b.json'), '{"a":1}')],
    ['has changed since', () => writeFileSync(join(folder, 'b.json'), lines(100, 200).slice(0, lines(0, 100).length))],
    ['is not among the input files any more', () => rmSync(join(folder, 'b.json'))],
    ['new files before', () => writeFileSync(join(folder, 'a.json'), '')],
  ])('%s', async (message, change) => {
    const error = await resume(change).catch((error: unknown) => error);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain(join(folder, 'b.json'));
  });

  test('of a finished input gives no more rows', async () => {
    write({ a: lines(0, 3) });
    const { positions } = await readFiles('a');
    const source = await fileSource({ input: join(folder, 'a'), columns });
    expect((await readAll(source, positions.at(-1))).a).toEqual([]);
  });
});

describe('standard input', () => {
  let time = 0;
  const options = (chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>) => ({
    input: '-',
    columns,
    now: () => time++,
    stdin: Readable.from(chunks, { objectMode: false }),
  });

  test('is read to its end, plain or gzip, however it comes', async () => {
    const text = Buffer.from(lines(0, 500));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(fc.nat()), async (isGzip, cuts) => {
        const bytes = isGzip ? Buffer.concat([gzipSync(text), gzipSync(lines(500, 501))]) : text;
        const ends = [...new Set(cuts.map((cut) => cut % bytes.length)), bytes.length].sort((a, b) => a - b);
        const chunks = ends.map((to, i) => bytes.subarray(ends[i - 1] ?? 0, to)).filter(({ length }) => length > 0);
        const { a } = await readAll(await fileSource(options(chunks)));
        expect(a).toEqual(numbers(0, isGzip ? 501 : 500));
      }),
      { numRuns: 50 },
    );
  });

  test('may be empty', async () => {
    expect((await readAll(await fileSource(options([])))).a).toEqual([]);
    const { columns: _, ...undeclared } = options([]);
    expect((await fileSource(undeclared)).columns).toEqual([]);
  });

  test('gives what is there: rows do not wait for a full batch, and a silent poll returns', async () => {
    let next = (_: string) => {};
    async function* chunks() {
      yield lines(0, 2);
      yield await new Promise<string>((resolve) => {
        next = resolve;
      });
    }
    const source = await fileSource(options(chunks()));
    await source.open(null);
    let poll = await source.poll(never);
    while (!poll.batch) poll = await source.poll(never);
    expect(poll.batch.length).toBe(2);
    const silent = await source.poll(never);
    expect(silent).toMatchObject({ batch: null, end: false });
    expect(silent.caughtUpTo).toBeGreaterThan(poll.caughtUpTo);
    const aborted = new AbortController();
    const waiting = source.poll(aborted.signal);
    aborted.abort();
    expect(await waiting).toMatchObject({ batch: null, end: false });
    next(lines(2, 3));
    const rows: unknown[] = [];
    for (let end = false; !end; ) {
      poll = await source.poll(never);
      end = poll.end;
      if (poll.batch) rows.push(...toRows(source.schema, poll.batch).map(({ row }) => row.a));
    }
    expect(rows).toEqual([2]);
    await source.close();
  });

  test('is skipped up to the position when it is given again', async () => {
    const first = await fileSource({ ...options([lines(0, 100)]), batchRows: 30 });
    await first.open(null);
    await first.poll(never);
    const position = first.position();
    expect(position).toMatchObject({ path: '-', offset: lines(0, 30).trim().length, file: null });
    await first.close();
    const { a, times } = await readAll(await fileSource(options([lines(0, 50), lines(50, 100)])), position);
    expect(a).toEqual(numbers(30, 100));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(position.arrival);
    const shorter = await fileSource(options([lines(0, 10)]));
    await expect(shorter.open(position)).rejects.toThrow('standard input has changed: it ends before byte');
  });

  test('cannot be mixed with files, nor read without a clock', async () => {
    await expect(fileSource({ ...options([]), input: ['-', 'x'] })).rejects.toThrow('together with files');
    await expect(fileSource({ input: '-', columns })).rejects.toThrow('must be given the clock');
  });
});

test('partitioned: no batch has rows of two files, each says which file it is from, and so it goes on', async () => {
  write({ a: lines(0, 5), b: '', c: lines(5, 7), d: '{"a": "x"}', e: lines(7, 8) });
  const partitions = ({ polls }: Read) =>
    polls.flatMap(({ batch, partition }) => Array.from({ length: batch?.length ?? 0 }, () => partition));
  const options = { input: join(folder, '*'), columns, isPartitioned: true, batchRows: 3 };
  const whole = await readAll(await fileSource(options));
  expect(whole.a).toEqual(numbers(0, 8));
  expect(partitions(whole)).toEqual([0, 0, 0, 0, 0, 2, 2, 4]);
  expect(whole.rejected).toHaveLength(1);
  for (const [i, position] of whole.positions.entries()) {
    const rest = await readAll(await fileSource(options), position);
    expect(partitions(rest)).toEqual(partitions({ ...whole, polls: whole.polls.slice(i + 1) }));
  }
});

describe('without columns', () => {
  test('the schema is discovered from the first records, and all of them are read', async () => {
    write({ a: gzipSync('{"a": 1, "user": "x"}'), b: '{"a": 70000, "user": "Norma Fisher"}\n' });
    const { columns: _, ...options } = { columns, input: join(folder, '*') };
    const source = await fileSource(options);
    expect(source.columns).toEqual([
      { name: 'a', type: { kind: 'integer' }, mapping: '$.a' },
      { name: 'COL_user', type: { kind: 'varchar', length: 16 }, mapping: '$.user' },
    ]);
    expect(source.schema.map(({ name }) => name)).toEqual(['a', 'COL_user']);
    expect((await readAll(source)).a).toEqual([1, 70_000]);
  });

  test('of standard input no byte is lost to the discovery', async () => {
    const { columns: _, ...options } = {
      columns,
      input: '-',
      now: () => 0,
      stdin: Readable.from([lines(0, 150_000), lines(150_000, 200_000)], { objectMode: false }),
    };
    expect((await readAll(await fileSource(options))).a).toEqual(numbers(0, 200_000));
  });

  test('an input with neither JSON objects nor CSV columns is refused', async () => {
    write({ a: 'time\n1 2\n' });
    await expect(fileSource({ input: join(folder, 'a') })).rejects.toThrow('neither JSON objects nor CSV rows');
  });

  test('CSV is told from JSON, in files and gzip and on standard input, and its header is a row', async () => {
    write({ a: gzipSync('id,user\r\n1,x\r\n2,y'), b: 'id,user\r\n3,"z\r\n"\r\n' });
    const source = await fileSource({ input: join(folder, '*') });
    expect(source).toMatchObject({
      hasHeader: true,
      inputSchema: { csv: { rowDelimiter: '\r\n', columnDelimiter: ',' } },
    });
    expect(source.columns).toEqual([
      { name: 'id', type: { kind: 'integer' }, mapping: '' },
      { name: 'COL_user', type: { kind: 'varchar', length: 4 }, mapping: '' },
    ]);
    const { polls, rejected } = await readAll(source);
    const ids = (polls: Poll[]) =>
      polls.flatMap(({ batch }) => (batch ? toRows(source.schema, batch).map(({ row }) => row.id) : []));
    expect(ids(polls)).toEqual([1, 2, 3]);
    expect(rejected.map(({ record }) => Buffer.from(record).toString())).toEqual(['id,user', 'id,user']);

    const { columns, inputSchema } = source;
    const stdin = Readable.from(['4,a\r', '\n5,b'], { objectMode: false });
    const given = await fileSource({ input: '-', stdin, now: () => 0, columns, csv: inputSchema.csv! });
    expect(ids((await readAll(given)).polls)).toEqual([4, 5]);
  });

  test('CSV goes on at any position', async () => {
    write({ a: '1,x\n2,"\n"\nbad,x\n3,z\n', b: '4,x' });
    const schema = {
      columns: ['a', 'b'].map(
        (name, c): InputColumn => ({
          name,
          type: [columns[0].type, { kind: 'varchar', length: 4 } as const][c],
          mapping: '',
        }),
      ),
      csv: { columnDelimiter: ',' },
    };
    const open = () => fileSource({ input: join(folder, '*'), ...schema, batchRows: 1 });
    const whole = await readAll(await open());
    expect(whole.a).toEqual([1, 2, 3, 4]);
    expect(whole.rejected).toHaveLength(1);
    for (const [i, position] of whole.positions.entries()) {
      const rest = await readAll(await open(), position);
      expect(rest.a).toEqual(
        whole.polls
          .slice(i + 1)
          .flatMap(({ batch }) => [...((batch?.columns[0] as { values?: Float64Array })?.values ?? [])]),
      );
    }
  });

  test('texts of columns that no one reads are left out', async () => {
    write({ a: '{"a": 1, "s": "x"}' });
    const source = await fileSource({ input: join(folder, 'a') });
    source.use([true, false]);
    await source.open(null);
    const { batch } = await source.poll(never);
    expect(batch && toRows(source.schema, batch)).toMatchObject([{ row: { a: 1, s: null } }]);
    await source.close();
  });
});
