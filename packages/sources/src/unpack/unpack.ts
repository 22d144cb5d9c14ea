import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { framedSnappy, hadoopSnappy, xerialSnappy } from './snappy.ts';
import { unzipped } from './zip.ts';

/** Bytes as they lie in a file or object, and the bytes that are packed in them. Nothing is held but a block or so. */
export type Unpack = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** By how a file begins. With Hadoop's Snappy, which has no mark, it is all that a delivery stream lands: GZIP, ZIP, Snappy, which
 *  is the stream of snappy-java, and HADOOP_SNAPPY. */
const packings: readonly { readonly mark: Buffer; readonly unpack: Unpack }[] = [
  { mark: Buffer.from('\x1f\x8b', 'latin1'), unpack: gunzipped },
  { mark: Buffer.from('PK\x03\x04', 'latin1'), unpack: unzipped },
  { mark: Buffer.from('\x82SNAPPY\0', 'latin1'), unpack: xerialSnappy },
  { mark: Buffer.from('\xff\x06\0\0sNaPpY', 'latin1'), unpack: framedSnappy },
];

/** So many bytes tell what a file is packed in. */
export const startBytes = Math.max(...packings.map(({ mark }) => mark.length));

/** Whether these first bytes tell already: more may be long in coming. */
export function isTelling(start: Uint8Array): boolean {
  return packings.every(({ mark }) => start.length >= mark.length || !mark.subarray(0, start.length).equals(start));
}

/** What undoes the packing of a file that begins so; null: it is none. */
export function unpackOf(start: Uint8Array, name: string): Unpack | null {
  const packing = packings.find(({ mark }) => mark.equals(start.subarray(0, mark.length)));
  if (packing) return packing.unpack;
  return /\.h?snappy$/.test(name) ? hadoopSnappy : null;
}

function gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // The callback is for errors, which come out of the last stream too.
  return pipeline(Readable.from(bytes), createGunzip({ chunkSize: 256 * 1024 }), () => {});
}
