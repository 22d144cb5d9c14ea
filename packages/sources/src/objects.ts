import { openStream } from './byte-input.ts';
import { type Discovered, discoverInput } from './discover-input.ts';
import { inOrder } from './s3/listing.ts';
import type { ObjectStore } from './s3/source.ts';
import { Sample } from './sample.ts';

export type { Discovered } from './discover-input.ts';
export { FolderObjects } from './folder-objects.ts';
export type { ObjectEntry } from './s3/listing.ts';
export { type ObjectPosition, type ObjectSource, type ObjectStore, objectSource } from './s3/source.ts';

/** What the records of the first objects are. Only the first page of the listing is looked at. */
export async function discoverObjects(store: ObjectStore): Promise<Discovered> {
  const sample = new Sample();
  const { entries } = await store.list('');
  for (const entry of inOrder(entries)) {
    if (sample.isFull) break;
    const bytes = entry.size > 0 ? await store.read(entry) : null;
    if (!bytes) continue;
    const input = await openStream(bytes, `${store.name}${entry.key}`, 0);
    for (let read = 0; read >= 0 && !sample.isFull; ) {
      read = input.read(sample.room());
      if (read > 0) sample.filled(read);
      if (read === 0) await input.ready();
    }
    input.close();
    sample.endRecord();
  }
  return discoverInput(sample.bytes());
}
