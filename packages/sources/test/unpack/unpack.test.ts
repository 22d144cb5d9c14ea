import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { toRows } from '@rowtime/core';
import { seededRandom } from '@rowtime/testing';
import fc from 'fast-check';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FilePosition, fileSource } from '../../src/file.ts';
import { unpackBlock } from '../../src/unpack/snappy.ts';
import { unpackOf } from '../../src/unpack/unpack.ts';
import { block, bzip2Zip, framed, storedStreamedZip, zips } from './packed.ts';
import { hadoop, inPieces, unpackAll, xerial } from './packing.ts';

const records = Array.from({ length: 40 }, (_, n) => `{"n":${n}}`);
const text = records.join('');
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** In every way that a delivery stream lands it, and a few more. */
const packed: readonly (readonly [string, string, Buffer])[] = [
  ['GZIP', 'a.gz', gzipSync(text)],
  ...zips.map(([name, base64]) => [`ZIP, ${name}`, 'a.zip', bytesOf(base64)] as const),
  ['Snappy of snappy-java', 'a.snappy', xerial([text])],
  ['Snappy of snappy-java, many blocks', 'a.snappy', xerial(records)],
  [
    'Snappy of snappy-java, stream behind stream',
    'a',
    Buffer.concat([xerial(records.slice(0, 9)), xerial(records.slice(9))]),
  ],
  ['HADOOP_SNAPPY', 'a.snappy', hadoop([[text]])],
  ['HADOOP_SNAPPY, many blocks, each in pieces', 'a.hsnappy', hadoop([records.slice(0, 7), records.slice(7)])],
  ['Snappy in frames', 'a.snappy', bytesOf(framed)],
];

describe.each(packed)('%s', (name, file, bytes) => {
  const expected = name.includes('several') ? [...text].join('').replace('{"n":20}', '\n{"n":20}') : text;

  test('is unpacked, however it comes', async () => {
    for (const size of [1, 7, 64, 100_000]) {
      expect((await unpackAll(file, inPieces(bytes, size))).toString(), `pieces of ${size}`).toBe(expected);
    }
  });

  test('that is cut off, or damaged, is an error or what it says, and never hangs', async () => {
    for (let size = 12; size < bytes.length; size += 5) {
      const cut = await unpackAll(file, inPieces(bytes.subarray(0, size), 50)).catch((error: unknown) => error);
      if (!(cut instanceof Error)) expect(expected.startsWith(String(cut)), `cut at ${size}`).toBe(true);
    }
    const random = seededRandom(1);
    for (let i = 0; i < 300; i++) {
      const damaged = Buffer.from(bytes);
      for (let j = 0; j < 1 + (i % 3); j++) damaged[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      await unpackAll(file, inPieces(damaged, 50)).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    }
  });
});

test('what is not packed is left as it is, and shown without delay', async () => {
  for (const start of ['{"a":1}', 'P', 'PK,1', '\x1f', '', 'n,a']) expect(unpackOf(Buffer.from(start), 'a')).toBeNull();
  // A line of seven bytes, and then nothing for long.
  const stdin = new PassThrough();
  const source = await fileSource({
    input: '-',
    stdin,
    now: () => 0,
    columns: [{ name: 'n', type: { kind: 'integer' }, mapping: '$.n' }],
  });
  await source.open(null);
  stdin.write('{"n":1}');
  for (let rows = 0; rows === 0; ) rows = (await source.poll(new AbortController().signal)).batch?.length ?? 0;
  await source.close();
});

describe('what no more than memory allows', () => {
  test('a ZIP archive of zeros comes out in small pieces, one at a time', async () => {
    const size = 300 << 20;
    const zeros = deflateRawSync(Buffer.alloc(size));
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(8, 8);
    header.writeUInt32LE(crc32(Buffer.alloc(size)), 14);
    header.writeUInt32LE(zeros.length, 18);
    header.writeUInt32LE(size, 22);
    const end = Buffer.from('PK\x05\x06', 'latin1');
    expect(zeros.length).toBeLessThan(size / 1000);
    let [total, largest, asked] = [0, 0, 0];
    const counted = async function* () {
      for await (const piece of inPieces(Buffer.concat([header, zeros, end]), 10_000)) {
        asked++;
        yield piece;
      }
    };
    for await (const piece of unpackOf(header, 'bomb.zip')!(counted())) {
      total += piece.length;
      largest = Math.max(largest, piece.length);
      // Not read ahead of what was taken: 10 kB are 10 MB here, and a little waits in the inflater.
      expect(asked).toBeLessThan(total / 10_000_000 + 4);
    }
    expect(total).toBe(size);
    expect(largest).toBeLessThanOrEqual(1 << 20);
  });

  test.each([
    [
      'of snappy-java',
      'a.snappy',
      Buffer.concat([xerial([]), Buffer.from([0x7f, 0xff, 0xff, 0xff])]),
      'a block says that it has',
    ],
    [
      'of Hadoop',
      'a.snappy',
      Buffer.from([0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
      'a block says that it has',
    ],
    [
      'of Hadoop, of many pieces',
      'a.snappy',
      Buffer.concat([Buffer.from([0, 0, 0, 9]), hadoop([[text]]).subarray(4)]),
      'another length',
    ],
    ['unpacked', 'a.snappy', xerial([], [Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])]), 'unpacks to 4294967295'],
    ['unpacked, of next to nothing', 'a.snappy', xerial([], [Buffer.from([0xff, 0xff, 0x0f, 0])]), 'is damaged'],
  ])('a Snappy block that claims too much is refused: %s', async (_, file, bytes, message) => {
    await expect(unpackAll(file, inPieces(bytes, 100))).rejects.toThrow(message);
  });
});

describe('what nothing here reads is refused by name', () => {
  test.each([
    ['another method of ZIP', 'a.zip', bytesOf(bzip2Zip), 'r in the ZIP archive is packed by method 12'],
    ['ZIP, stored and streamed', 'a.zip', bytesOf(storedStreamedZip), 'r in the ZIP archive is packed by method 0'],
    ['ZIP, encrypted', 'a.zip', withFlag(bytesOf(zips[0]![1])), 'r in the ZIP archive is encrypted'],
    ['bare Snappy', 'a.snappy', bytesOf(block), 'it is not Snappy that rowtime reads'],
    ['text', 'a.snappy', Buffer.from(text), 'it is not Snappy that rowtime reads'],
  ])('%s', async (_, file, bytes, message) => {
    await expect(unpackAll(file, inPieces(bytes, 100))).rejects.toThrow(message);
  });

  function withFlag(zip: Buffer): Buffer {
    const encrypted = Buffer.from(zip);
    encrypted[6]! |= 1;
    return encrypted;
  }
});

test('a Snappy block gives back what another implementation packed', () => {
  expect(Buffer.from(unpackBlock(bytesOf(block))).toString()).toBe(text);
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    // What repeats, near and far.
    fc
      .array(fc.constantFrom('abc', 'rating', '{"n":', '\0'.repeat(70), 'x'), { maxLength: 400 })
      .map((words) => new Uint8Array(Buffer.from(words.join('')))),
  );
  fc.assert(
    fc.property(content, (bytes) => {
      expect(Buffer.from(unpackBlock(snappyCompress(bytes)))).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 500 },
  );
});

describe('a file source', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unpack-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each(packed)('reads %s, and goes on from any row', async (_, name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    const read = async (position: FilePosition | null) => {
      const source = await fileSource({
        input: join(folder, name),
        columns: [{ name: 'n', type: { kind: 'integer' }, mapping: '$.n' }],
        batchRows: 7,
      });
      await source.open(position);
      const rows: unknown[] = [];
      const positions: FilePosition[] = [];
      for (let end = false; !end; ) {
        const poll = await source.poll(new AbortController().signal);
        end = poll.end;
        expect(poll.rejected).toEqual([]);
        if (poll.batch) rows.push(...toRows(source.schema, poll.batch).map(({ row }) => row['n']));
        positions.push(structuredClone(source.position()));
      }
      await source.close();
      return { rows, positions };
    };
    const { rows, positions } = await read(null);
    expect(rows).toEqual(records.map((_, n) => n));
    for (const [i, position] of positions.entries()) {
      expect((await read(position)).rows, `from batch ${i}`).toEqual(rows.slice(Math.min(7 * (i + 1), 40)));
    }
  });

  test('says which file cannot be read, and why', async () => {
    const file = join(folder, 'a.zip');
    writeFileSync(file, bytesOf(bzip2Zip));
    const columns = [{ name: 'n', type: { kind: 'integer' as const }, mapping: '$.n' }];
    const source = await fileSource({ input: file, columns });
    await source.open(null);
    await expect(source.poll(new AbortController().signal)).rejects.toThrow(
      `cannot read ${file}: r in the ZIP archive is packed by method 12: rowtime reads 8, deflate, and 0, stored with its size`,
    );
    await source.close();
  });
});
