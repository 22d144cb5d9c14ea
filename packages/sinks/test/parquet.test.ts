import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  fromRows,
  type Row,
  type Schema,
  type SqlType,
  slice,
} from '@rowtime/core';
import { sinkContract } from '@rowtime/core/testing';
import { startTestServer, type TestServer } from '@rowtime/testing';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { objectEncoding } from '../src/encode/object-format.ts';
import { fileSink } from '../src/file.ts';
import type { Packing } from '../src/packing.ts';
import { parquetColumns } from '../src/parquet/columns.ts';
import { parquetPacking } from '../src/parquet/packing.ts';
import { spoolEncoder } from '../src/parquet/spool-rows.ts';
import { everything, nulls, types, values } from './parquet-values.ts';
import { numbers, s3To } from './wire.ts';

const start = Date.UTC(2024, 0, 1, 0, 59, 59, 900);

describe('a Parquet file', () => {
  test('has the columns of the stream, in their types, ROWTIME first', async () => {
    const file = await fileOf(everything, [values, nulls, values]);
    const { schema } = parquetMetadata(file);
    expect(
      schema
        .slice(1)
        .map(({ name, type, converted_type, repetition_type, precision, scale }) =>
          [name, repetition_type, type, converted_type, precision, scale].filter((it) => it !== undefined).join(' '),
        ),
    ).toEqual([
      'ROWTIME REQUIRED INT64 TIMESTAMP_MILLIS',
      'TINY OPTIONAL INT32',
      'INT OPTIONAL INT32',
      'BIG OPTIONAL INT64',
      'PRICE OPTIONAL INT32 DECIMAL 9 2',
      'LONG_PRICE OPTIONAL INT64 DECIMAL 18 4',
      'LONGEST_PRICE OPTIONAL FIXED_LEN_BYTE_ARRAY DECIMAL 19 0',
      'REAL OPTIONAL FLOAT',
      'DOUBLE OPTIONAL DOUBLE',
      'FLAG OPTIONAL BOOLEAN',
      'TEXT OPTIONAL BYTE_ARRAY UTF8',
      'BYTES OPTIONAL BYTE_ARRAY',
      'DAY OPTIONAL INT32 DATE',
      'CLOCK OPTIONAL INT32 TIME_MILLIS',
      'AT OPTIONAL INT64 TIMESTAMP_MILLIS',
      'LASTS OPTIONAL INT64',
    ]);
    expect(schema.find(({ name }) => name === 'AT')?.logical_type).toEqual({
      type: 'TIMESTAMP',
      isAdjustedToUTC: true,
      unit: 'MILLIS',
    });
  });

  test('has the values of the rows, and NULLs', async () => {
    const file = await fileOf(everything, [values, nulls]);
    const rows = await parquetReadObjects({ file, utf8: false });
    expect(rows[0]).toEqual({
      ...values,
      ROWTIME: new Date(start),
      BIG: 9223372036854775807n,
      // What the reader makes of a DECIMAL is a double, by a power of ten that is not the same on all versions of Node.
      LONG_PRICE: expect.closeTo(99999999999999.98, 1),
      LONGEST_PRICE: -(2 ** 63),
      // Its decoder drops the byte order mark.
      TEXT: 'Grüße 🐟',
      BYTES: new Uint8Array([0xca, 0xfe, 0]),
      DAY: new Date(Date.UTC(2024, 1, 29)),
      AT: new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4)),
      LASTS: 90_000n,
    });
    expect(
      Object.values(rows[1]!)
        .slice(1)
        .every((value) => value === null || value === undefined),
    ).toBe(true);
    expect(rows[1]!['ROWTIME']).toEqual(new Date(start + 1));
  });

  test('has no NaN and no infinities: they are NULL, as in JSON', async () => {
    const schema: Schema = [{ name: 'D', type: { kind: 'double' }, nullable: true }];
    const rows = [{ D: Number.NaN }, { D: Number.POSITIVE_INFINITY }, { D: -0 }, { D: 1.5 }];
    const read = await parquetReadObjects({ file: await fileOf(schema, rows) });
    expect(read.map(({ D }) => D ?? null)).toEqual([null, null, 0, 1.5]);
  });

  test('is compressed by Snappy, by gzip, or not, within', async () => {
    for (const [compression, codec] of [
      [undefined, 'SNAPPY'],
      ['gzip', 'GZIP'],
      ['none', 'UNCOMPRESSED'],
    ] as const) {
      const { encoder, packing } = objectEncoding(numbers, { type: 'PARQUET' }, compression);
      const batch = fromRows(numbers, [{ rowtime: 0, row: { N: 1, TEXT: 'x'.repeat(500) } }]);
      const file = await packed(packing!, [encoder.encode(batch).bytes]);
      expect(packing!.extension).toBe('.parquet');
      expect(parquetMetadata(file).row_groups[0]!.columns.map(({ meta_data }) => meta_data?.codec)).toEqual([
        codec,
        codec,
      ]);
      const read = await parquetReadObjects({ file, compressors: { GZIP: (bytes) => gunzipSync(bytes) } });
      expect(read).toEqual([{ N: 1, TEXT: 'x'.repeat(500) }]);
    }
  });

  test('has row groups, cut by the rows alone, and holds one in memory', async () => {
    const columns = parquetColumns(numbers, false);
    const packing = parquetPacking(columns, 'SNAPPY', 10_000);
    const rows = Array.from({ length: 1000 }, (_, N) => ({ rowtime: N, row: { N, TEXT: `${N}`.repeat(30) } }));
    const { bytes } = spoolEncoder(columns, false).encode(fromRows(numbers, rows));
    const file = await packed(packing, [bytes]);
    const groups = parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows));
    expect(groups.length).toBeGreaterThan(5);
    const rowBytes = bytes.length / 1000;
    for (const rowsOfGroup of groups) expect(rowsOfGroup * rowBytes).toBeLessThan(10_000 * 1.5);
    expect(await parquetReadObjects({ file })).toEqual(rows.map(({ row }) => row));
    expect(await content(packing.unpack(pieces(new Uint8Array(file), 999)))).toEqual(Buffer.from(bytes));
  });
});

test('the content of a file can be had again, and its bytes do not depend on how content came', async () => {
  const cell = (type: SqlType): fc.Arbitrary<Row[string]> => {
    switch (type.kind) {
      case 'boolean':
        return fc.boolean();
      case 'varchar':
        return fc.string({ unit: 'binary', maxLength: 200 });
      case 'varbinary':
        return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
      case 'tinyint':
        return fc.integer({ min: -128, max: 127 });
      case 'integer':
        return fc.integer();
      case 'bigint':
        return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
      case 'decimal':
        return fc.integer({ min: -9_999_999, max: 9_999_999 }).map((units) => units / 10 ** Math.min(type.scale, 2));
      case 'double':
        return fc.double();
      case 'real':
        return fc.float();
      case 'interval':
        return fc.integer();
      default:
        return fc.integer({ min: -86_400_000_000, max: 86_400_000_000_000 });
    }
  };
  const row = fc.record(
    Object.fromEntries(types.map(([name, type]) => [name, fc.option(cell(type), { nil: null, freq: 4 })])),
  ) as fc.Arbitrary<Row>;
  const columns = parquetColumns(everything, true);
  const packing = parquetPacking(columns, 'SNAPPY', 700);
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 900 }),
      async (rows, size) => {
        const { bytes } = spoolEncoder(columns, true).encode(batchOf(everything, rows));
        const file = new Uint8Array(await packed(packing, [bytes]));
        expect(new Uint8Array(await packed(packing, pieces(bytes, size)))).toEqual(file);
        expect(await content(packing.unpack(pieces(file, size)))).toEqual(Buffer.from(bytes));
      },
    ),
    { numRuns: 50 },
  );
});

describe('sinks of Parquet', () => {
  let root = '';
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ partBytesMin: 1 });
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rowtime-parquet-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const format = { type: 'PARQUET', rowtime: true } as const;

  // Deaths are in faults.test.ts.
  for (const { name, run } of sinkContract.filter(({ name }) => !name.includes('dies'))) {
    test(`files: ${name}`, () =>
      run({
        delivers: 'exactly once',
        create: (storage, schema, beforeStep) =>
          fileSink({ folder: join(root, storage), stream: 'OUT', schema, format, bufferBytes: 500, beforeStep }),
        delivered: async (storage) => Promise.all((await filesIn(join(root, storage))).map(withRows)),
      }));
  }

  test('an object that was published after the checkpoint that is left is made again, and is the same', async () => {
    for (const place of ['files', 'bucket'] as const) {
      server.s3.createBucket(place);
      const create = () =>
        place === 'files'
          ? fileSink({ folder: join(root, place), stream: 'OUT', schema: numbers, format, bufferBytes: 2_000 })
          : s3To(server, { bucket: place, spool: join(root, place), schema: numbers, format, bufferBytes: 2_000 });
      const delivered = async () =>
        place === 'files'
          ? filesIn(join(root, place))
          : server.s3.keys(place).map((key) => `${key}\n${server.s3.get(place, key).content.toString('latin1')}`);
      const rows = batchOf(
        numbers,
        Array.from({ length: 100 }, (_, N) => ({ N, TEXT: `text ${N}` })),
      );
      let sink = create();
      await sink.open(null);
      sink.write(slice(rows, 0, 30));
      const early = encodeCheckpoint(await sink.prepare());
      expect(decodeCheckpoint(early)).toMatchObject({ open: { size: expect.any(Number) } });
      sink.write(slice(rows, 30, 100));
      sink.advance(Number.POSITIVE_INFINITY);
      await sink.commit(await sink.prepare());
      await sink.close();
      const first = await delivered();
      expect(first.length).toBeGreaterThan(1);

      sink = create();
      await sink.open(decodeCheckpoint(early));
      sink.write(slice(rows, 30, 100));
      sink.advance(Number.POSITIVE_INFINITY);
      await sink.commit(await sink.prepare());
      await sink.close();
      expect(await delivered()).toEqual(first);
      const other = create();
      await other.open(null);
      other.write(slice(rows, 0, 29));
      other.advance(Number.POSITIVE_INFINITY);
      const prepared = await other.prepare();
      await expect(other.commit(prepared)).rejects.toThrow('exists with other content');
    }
  });

  test('an object that was begun in another format is not gone on with', async () => {
    const folder = join(root, 'changed');
    const lines = fileSink({ folder, stream: 'OUT', schema: numbers });
    await lines.open(null);
    lines.write(batchOf(numbers, [{ N: 1, TEXT: null }]));
    const begun = await lines.prepare();
    await lines.close();
    const sink = fileSink({ folder, stream: 'OUT', schema: numbers, format });
    await expect(sink.open(begun)).rejects.toThrow('begun as bytes, and the format is now one of Parquet rows');
    // Between two objects the format may change.
    const whole = fileSink({ folder, stream: 'OUT', schema: numbers });
    await whole.open(begun);
    whole.advance(Number.POSITIVE_INFINITY);
    await whole.commit(await whole.prepare());
    const between = await whole.prepare();
    await whole.close();
    const next = fileSink({ folder, stream: 'OUT', schema: numbers, format });
    await next.open(between);
    await next.close();
  });

  test('above the size of a part, an S3 object is packed on disk and goes up in parts', async () => {
    server.s3.createBucket('parts');
    const sink = s3To(server, { bucket: 'parts', spool: root, schema: numbers, format, partBytes: 300 });
    await sink.open(null);
    const rows = Array.from({ length: 200 }, (_, N) => ({ N, TEXT: `text ${N}` }));
    sink.write(batchOf(numbers, rows));
    sink.advance(Number.POSITIVE_INFINITY);
    await sink.commit(await sink.prepare());
    await sink.close();
    const [key = ''] = server.s3.keys('parts');
    expect(key).toMatch(/\.parquet$/);
    const { content: bytes, headers } = server.s3.get('parts', key);
    expect(headers).not.toHaveProperty('content-encoding');
    const read = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
    expect(read.map(({ N, TEXT }) => ({ N, TEXT }))).toEqual(rows);
    expect(await readdir(root)).toEqual([]);
  });
});

function batchOf(schema: Schema, rows: readonly Row[]) {
  return fromRows(
    schema,
    rows.map((row, i) => ({ rowtime: start + i, row })),
  );
}

async function fileOf(schema: Schema, rows: readonly Row[]): Promise<ArrayBuffer> {
  const { encoder, packing } = objectEncoding(schema, { type: 'PARQUET', rowtime: true });
  return packed(packing!, [encoder.encode(batchOf(schema, rows)).bytes]);
}

async function packed(packing: Packing, from: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<ArrayBuffer> {
  const all = (async function* () {
    yield* from;
  })();
  return Uint8Array.from(await content(packing.pack(all))).buffer;
}

async function content(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of bytes) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

/** As from a file: each piece is valid until the next. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const room = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    room.set(piece);
    yield room.subarray(0, piece.length);
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const visible = files.map((file) => file.slice(folder.length + 1)).filter((name) => !name.startsWith('.'));
  return Promise.all(visible.sort().map(async (name) => `${name}\n${await readFile(join(folder, name), 'latin1')}`));
}

/** A file as its name and content, and the rows that are in it, which are compressed there. */
async function withRows(file: string): Promise<string> {
  const bytes = Buffer.from(file.slice(file.indexOf('\n') + 1), 'latin1');
  const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
  const printed = rows.map((row) =>
    JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)),
  );
  return `${file.slice(0, file.indexOf('\n'))} ${createHash('sha1').update(bytes).digest('hex')}\n${printed.join('\n')}`;
}
