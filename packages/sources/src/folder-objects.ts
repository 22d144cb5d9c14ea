import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { SourceError } from './errors.ts';
import type { ObjectEntry } from './s3/listing.ts';
import type { ObjectStore } from './s3/source.ts';

/** The files below a folder as the objects of a bucket: what a delivery stream landed, copied here. Names that begin with a
 *  dot or an underscore are none of its. */
export class FolderObjects implements ObjectStore {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new SourceError(`there is no folder ${folder}`);
    this.#folder = folder;
    this.name = folder.endsWith(sep) ? folder : folder + sep;
  }

  /** One page: a listing of files is in memory as it is. */
  async list(after: string): Promise<{ readonly entries: readonly ObjectEntry[]; readonly isLast: true }> {
    const entries = this.#keysIn('')
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .filter(({ bytes }) => Buffer.compare(bytes, Buffer.from(after)) > 0)
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .flatMap(({ key }) => this.#entryOf(key));
    return { entries, isLast: true };
  }

  async read(entry: ObjectEntry): Promise<Readable | null> {
    const [now] = this.#entryOf(entry.key);
    return now?.etag === entry.etag ? createReadStream(join(this.#folder, entry.key)) : null;
  }

  close(): void {}

  #keysIn(below: string): string[] {
    return readdirSync(join(this.#folder, below), { withFileTypes: true })
      .filter(({ name }) => !/^[._]/.test(name))
      .flatMap((it) => {
        const key = `${below}${it.name}`;
        return it.isDirectory() ? this.#keysIn(`${key}/`) : [key];
      });
  }

  #entryOf(key: string): ObjectEntry[] {
    // A writer may have renamed it since it was listed.
    const stat = statSync(join(this.#folder, key), { throwIfNoEntry: false });
    if (!stat?.isFile()) return [];
    const modified = Math.floor(stat.mtimeMs);
    return [{ key, etag: `${stat.ino}-${stat.size}-${stat.mtimeMs}`, size: stat.size, modified }];
  }
}
