import { createGunzip, createGzip } from 'node:zlib';

/** How objects are compressed that are rows one after the other. */
export type Compression = 'none' | 'gzip';

/** What becomes of an object's content when it is published. What an object *is* stays its content, which is what was appended
 *  to it: sizes and checksums are of that, so that another version of a library, with other bytes for the same content, is no
 *  conflict. */
export interface Packing {
  /** At the end of the object's key: ".gz". */
  readonly extension: string;
  /** What content is, where it is not the object's bytes, or those compressed: rows of a spool, for a Parquet file. */
  readonly content?: string;
  /** For HTTP, where it is one that HTTP knows. */
  readonly contentEncoding?: 'gzip';
  /** The same bytes for the same content, however it is split. Each piece of them stays as it is. */
  pack(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** The content again. */
  unpack(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** null: an object's bytes are its content. */
export function packingOf(compression: Compression): Packing | null {
  return compression === 'gzip' ? gzip : null;
}

/** One gzip member. One level for all, so that a repeat has the same bytes with the same zlib; the header that Node writes has
 *  no time. */
const gzip: Packing = {
  extension: '.gz',
  contentEncoding: 'gzip',
  pack: (content) => through(content, createGzip()),
  unpack: (bytes) => through(bytes, createGunzip()),
};

async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: ReturnType<typeof createGzip | typeof createGunzip>,
): AsyncGenerator<Uint8Array> {
  const fed = (async () => {
    try {
      for await (const bytes of source) {
        if (!transform.write(Buffer.from(bytes)))
          await new Promise<void>((resolve) => transform.once('drain', resolve));
      }
      transform.end();
    } catch (error) {
      transform.destroy(error as Error);
    }
  })();
  try {
    yield* transform as AsyncIterable<Buffer>;
    await fed;
  } finally {
    transform.destroy();
  }
}
