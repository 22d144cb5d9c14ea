import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { unpackOf } from '../../src/unpack/unpack.ts';

/** A stream of snappy-java: its mark, its two versions, and blocks. */
export function xerial(texts: readonly string[], blocks = texts.map(compressed)): Buffer {
  const header = Buffer.concat([Buffer.from('\x82SNAPPY\0', 'latin1'), length(1), length(1)]);
  return Buffer.concat([header, ...blocks.flatMap((block) => [length(block.length), block])]);
}

/** Blocks of Hadoop's SnappyCodec, each compressed in pieces. */
export function hadoop(blocks: readonly (readonly string[])[]): Buffer {
  return Buffer.concat(
    blocks.flatMap((pieces) => {
      const packed = pieces.map(compressed).flatMap((piece) => [length(piece.length), piece]);
      return [length(Buffer.byteLength(pieces.join(''))), ...packed];
    }),
  );
}

function compressed(text: string): Uint8Array {
  return snappyCompress(Buffer.from(text));
}

function length(bytes: number): Buffer {
  const written = Buffer.alloc(4);
  written.writeUInt32BE(bytes);
  return written;
}

export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The bytes of a file of that name. */
export async function unpackAll(name: string, pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  const bytes = Buffer.concat(all);
  const again = (async function* () {
    yield* all;
  })();
  const unpacked: Uint8Array[] = [];
  for await (const piece of unpackOf(bytes, name)?.(again) ?? again) unpacked.push(piece);
  return Buffer.concat(unpacked);
}
