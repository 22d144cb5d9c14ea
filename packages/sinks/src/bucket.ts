import { dirname } from 'node:path';
import type { Packing } from './packing.ts';
import { type Measure, measure, type RootedFolder } from './rooted-folder.ts';

/** The object's content, as the checkpoint knows it, lies in `part`, a file of the spool. */
export interface Sealed extends Measure {
  readonly part: string;
}

/** Where whole objects are published: a folder (FolderBucket), or S3 (s3-bucket.ts). */
export interface Bucket {
  /** How many objects may be on their way at once. */
  readonly publishedAtOnce: number;
  open(): Promise<void>;
  /** Gives a sealed object its key, whole or not at all: 'exists' if there is something under it, which stays as it is. Tries
   *  again what can be tried again, and rejects with Stopped if it was told not to. */
  publish(key: string, object: Sealed): Promise<'published' | 'exists'>;
  /** What was published since the last call is durable when this resolves. */
  settle(): Promise<void>;
  /** Of the content; null if there is no such object. */
  measure(key: string): Promise<Measure | null>;
  /** The content; null if there is no such object. */
  read(key: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** For messages. */
  locate(key: string): string;
  close(): Promise<void>;
}

/** The spool's own folder: publishing is giving a file its second name. */
export class FolderBucket implements Bucket {
  readonly publishedAtOnce = 1;
  readonly #folder: RootedFolder;
  readonly #packing: Packing | null;
  readonly #touched = new Set<string>();

  constructor(folder: RootedFolder, packing: Packing | null) {
    this.#folder = folder;
    this.#packing = packing;
  }

  async open(): Promise<void> {}

  async publish(key: string, { part }: Sealed): Promise<'published' | 'exists'> {
    const folder = dirname(key);
    if (!this.#touched.has(folder)) await this.#folder.makeFolder(folder);
    this.#touched.add(folder);
    if (!this.#packing) return (await this.#folder.link(part, key)) ? 'published' : 'exists';
    const packed = `${part}.packed`;
    await this.#folder.writeAll(packed, this.#packing.pack(this.#folder.read(part)));
    const isNew = await this.#folder.link(packed, key);
    await this.#folder.remove(packed);
    return isNew ? 'published' : 'exists';
  }

  async settle(): Promise<void> {
    for (const folder of this.#touched) await this.#folder.syncFolder(folder);
    this.#touched.clear();
  }

  async measure(key: string): Promise<Measure | null> {
    const content = await this.read(key);
    return content && measure(content);
  }

  async read(key: string): Promise<AsyncIterable<Uint8Array> | null> {
    if (!(await this.#folder.holdsFile(key))) return null;
    const bytes = this.#folder.read(key);
    return this.#packing ? this.#packing.unpack(bytes) : bytes;
  }

  locate(key: string): string {
    return this.#folder.path(key);
  }

  async close(): Promise<void> {}
}
