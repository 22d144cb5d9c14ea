import { crc32, createInflateRaw } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';

// APPNOTE.TXT of PKWARE: 4.3.7 local file header, 4.3.9 data descriptor, 4.5.3 ZIP64. Read from the front, as an object comes from
// S3: the directory at the end, which says the same again, is passed over.

const fileMark = 0x04034b50;
const descriptorMark = 0x08074b50;
const directoryMarks = new Set([0x02014b50, 0x06054b50, 0x06064b50]);

/** The files of a ZIP archive, one after the other, each from a line of its own on: records do not span them. */
export async function* unzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  let last = lineEnd;
  for (;;) {
    const mark = (await reader.take(4)).readUInt32LE(0);
    if (directoryMarks.has(mark)) break;
    if (mark !== fileMark) throw new Error('the ZIP archive is damaged: no file begins where one should');
    if (last !== lineEnd) yield Uint8Array.of(lineEnd);
    last = lineEnd;
    for await (const piece of fileIn(reader)) {
      if (piece.length > 0) last = piece[piece.length - 1]!;
      yield piece;
    }
  }
  while (await reader.some());
}

const lineEnd = 0x0a;

async function* fileIn(reader: ByteReader): AsyncGenerator<Uint8Array> {
  const header = await reader.take(26);
  const flags = header.readUInt16LE(2);
  const method = header.readUInt16LE(4);
  const name = (await reader.take(header.readUInt16LE(22))).toString();
  const extra = await reader.take(header.readUInt16LE(24));
  const said = { crc: header.readUInt32LE(10), ...sizesOf(header.readUInt32LE(14), header.readUInt32LE(18), extra) };
  const isDescribedLater = (flags & 8) !== 0;
  if ((flags & 1) !== 0) throw new Error(`${name} in the ZIP archive is encrypted`);
  if (method !== deflated && (method !== stored || isDescribedLater)) {
    throw new Error(
      `${name} in the ZIP archive is packed by method ${method}: rowtime reads ${deflated}, deflate, and ${stored}, stored with its size`,
    );
  }
  const found = { crc: 0, packed: 0, size: 0 };
  for await (const piece of method === deflated ? inflated(reader, found) : take(reader, said.packed)) {
    found.crc = crc32(piece, found.crc);
    found.size += piece.length;
    yield piece;
  }
  if (method === stored) found.packed = found.size;
  const isSame = isDescribedLater ? await isDescribed(reader, found) : same(said, found);
  if (!isSame)
    throw new Error(`${name} in the ZIP archive is damaged: it has another size or checksum than the archive says`);
}

const stored = 0;
const deflated = 8;

interface Sizes {
  readonly packed: number;
  readonly size: number;
}
interface Contents extends Sizes {
  readonly crc: number;
}

/** Sizes beyond 32 bits are in the extra field of ZIP64. */
function sizesOf(packed: number, size: number, extra: Buffer): Sizes {
  if (packed !== 0xffffffff && size !== 0xffffffff) return { packed, size };
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1 && at + 20 <= extra.length) {
      return { size: Number(extra.readBigUInt64LE(at + 4)), packed: Number(extra.readBigUInt64LE(at + 12)) };
    }
  }
  return { packed, size };
}

/** What stands behind a file whose sizes were not known before: with or without a mark, in 32 bits or in 64. */
async function isDescribed(reader: ByteReader, found: Contents): Promise<boolean> {
  let crc = (await reader.take(4)).readUInt32LE(0);
  if (crc === descriptorMark) crc = (await reader.take(4)).readUInt32LE(0);
  const short = await reader.take(8);
  const isShort = same({ crc, packed: short.readUInt32LE(0), size: short.readUInt32LE(4) }, found);
  if (isShort) return true;
  const size = await reader.take(8);
  return same({ crc, packed: Number(short.readBigUInt64LE(0)), size: Number(size.readBigUInt64LE(0)) }, found);
}

function same(a: Contents, b: Contents): boolean {
  return a.crc === b.crc && a.packed === b.packed && a.size === b.size;
}

async function* take(reader: ByteReader, count: number): AsyncGenerator<Uint8Array> {
  for (let left = count; left > 0; ) {
    const piece = await reader.some(left);
    if (!piece) throw new Error('it is cut off');
    left -= piece.length;
    yield piece;
  }
}

/** Deflated data say where they end: what comes behind is left to the reader. Sets how long they were. */
async function* inflated(reader: ByteReader, found: { packed: number }): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize: 256 * 1024 });
  let fed = 0;
  let last: Uint8Array = new Uint8Array(0);
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    inflate.once('close', () => {
      isOver = true;
      resolve();
    });
  });
  const feeding = (async () => {
    // One piece at a time: of the one in which the data end, the rest is given back, and it may never be acknowledged.
    while (!isOver && inflate.bytesWritten === fed) {
      const piece = await reader.some();
      if (!piece) break;
      last = piece;
      fed += piece.length;
      await Promise.race([new Promise((resolve) => inflate.write(piece, resolve)), over]);
    }
    inflate.end();
  })();
  try {
    for await (const piece of inflate) yield piece as Buffer;
    await feeding;
    found.packed = inflate.bytesWritten;
    reader.unread(last.subarray(last.length - (fed - inflate.bytesWritten)));
  } finally {
    inflate.destroy();
  }
}
