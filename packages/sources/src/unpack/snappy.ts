import { ByteReader } from './byte-reader.ts';

// Snappy compresses blocks; how blocks follow each other in a file, three formats say. A block is held whole, packed and
// unpacked, so a bound on what a file may claim is a bound on memory.

/** A block unpacks to at most this: Hadoop's default is 256 KiB, that of snappy-java 32 KiB, a frame's 64 KiB. */
const blockBytesMax = 32 << 20;
/** And is at most so long itself (google/snappy, MaxCompressedLength). */
const packedBytesMax = 32 + blockBytesMax + Math.floor(blockBytesMax / 6);

/** What SnappyOutputStream of snappy-java writes, and Firehose as `Snappy`: a mark and two versions, then blocks, each with its
 *  length before it. A stream may follow a stream. */
export async function* xerialSnappy(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  for (let head = await reader.takeOrEnd(4); head; head = await reader.takeOrEnd(4)) {
    if (head.readUInt32BE(0) === xerialMarkStart) await reader.take(xerialHeaderBytes - 4);
    else yield unpackBlock(await reader.take(packedLength(head.readUInt32BE(0))));
  }
}

/** No length: it is negative. */
const xerialMarkStart = 0x82534e41;
const xerialHeaderBytes = 16;

/** What Hadoop's SnappyCodec writes, and Firehose as `HADOOP_SNAPPY`: the length of a block unpacked, then the pieces it was
 *  compressed in, each with its length before it. */
export async function* hadoopSnappy(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  for (let head = await reader.takeOrEnd(4); head; head = await reader.takeOrEnd(4)) {
    for (let left = head.readUInt32BE(0); left > 0; ) {
      const packed = packedLength((await reader.take(4)).readUInt32BE(0));
      const piece = unpackBlock(await reader.take(packed));
      if (piece.length > left || piece.length === 0)
        throw new Error(`${notSnappy}: a block has another length than it says`);
      left -= piece.length;
      yield piece;
    }
  }
}

/** The format of google/snappy, framing_format.txt. */
export async function* framedSnappy(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  for (let head = await reader.takeOrEnd(4); head; head = await reader.takeOrEnd(4)) {
    const type = head[0]!;
    const body = await reader.take(head.readUIntLE(1, 3));
    if (type <= 1) {
      if (body.length < 4) throw new Error(`${notSnappy}: a frame without its checksum`);
      const data = type === 0 ? unpackBlock(body.subarray(4)) : body.subarray(4);
      if (maskedCrc32c(data) !== body.readUInt32LE(0))
        throw new Error('a Snappy frame has another checksum than its data');
      yield data;
    } else if (type < 0x80) throw new Error(`Snappy frames of type ${type} are not known`);
  }
}

const notSnappy = 'it is not Snappy that rowtime reads (that of snappy-java, of Hadoop, or framed)';

function packedLength(bytes: number): number {
  if (bytes <= packedBytesMax) return bytes;
  throw new Error(`${notSnappy}: a block says that it has ${bytes} bytes`);
}

/** One block (google/snappy, format_description.txt): its length, then literals and copies of what came before. */
export function unpackBlock(block: Uint8Array): Uint8Array {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block[at++];
    if (byte === undefined || shift > 28) throw damaged();
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length > blockBytesMax) throw new Error(`${notSnappy}: a block says that it unpacks to ${length} bytes`);
  // A copy of three bytes gives at most 64: who claims more would have us make room for nothing.
  if (length > 22 * block.length) throw damaged();
  const out = new Uint8Array(length);
  let to = 0;
  while (at < block.length) {
    const tag = block[at++]!;
    let size = tag >>> 2;
    if ((tag & 3) === 0) {
      // 60 to 63: the length is in the next one to four bytes.
      const more = size - 59;
      if (more > 0) {
        size = 0;
        for (let i = 0; i < more; i++) size += (block[at++] ?? damage()) * 2 ** (8 * i);
      }
      size++;
      if (size > block.length - at || size > length - to) throw damaged();
      for (let i = 0; i < size; i++) out[to + i] = block[at + i]!;
      at += size;
      to += size;
      continue;
    }
    let back: number;
    if ((tag & 3) === 1) {
      size = (size & 7) + 4;
      back = (tag >>> 5) * 256 + (block[at++] ?? damage());
    } else {
      size++;
      back = 0;
      for (let i = 0; i < ((tag & 3) === 2 ? 2 : 4); i++) back += (block[at++] ?? damage()) * 2 ** (8 * i);
    }
    if (back === 0 || back > to || size > length - to) throw damaged();
    // Byte by byte: the copy may reach into itself.
    for (let i = 0; i < size; i++, to++) out[to] = out[to - back]!;
  }
  if (to !== length) throw damaged();
  return out;
}

function damaged(): Error {
  return new Error('a Snappy block is damaged');
}

function damage(): never {
  throw damaged();
}

/** CRC-32C, rotated and added to, as the framing format has it. */
function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
