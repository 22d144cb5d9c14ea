import type { Source } from '@rowtime/core';
import type { InputSchema } from '@rowtime/sources/decoder';
import type { KinesisClientOptions } from '@rowtime/sources/kinesis';
import {
  type Discovered,
  discoverObjects,
  FolderObjects,
  type ObjectEntry,
  type ObjectStore,
  objectSource,
} from '@rowtime/sources/objects';
import { nameAndRegion, parseS3Url, streamIn } from '../application/arn.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** How to reach S3; what is left out is found where every AWS program finds it. */
export interface S3Connection {
  readonly region?: string;
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
}

/** Where recorded results are. */
export interface Place {
  /** As it was given. */
  readonly name: string;
  /** What the first records there are; without columns while there are none. */
  discover(signal?: AbortSignal): Promise<Discovered>;
  /** The records, from the first one on. */
  source(options: RecordsOptions): Promise<Source<unknown>>;
}

export interface RecordsOptions {
  readonly inputSchema: InputSchema;
  readonly now: () => number;
  /** Goes on for ever, with the objects that come. A stream always does. */
  readonly follow: boolean;
  /** How often it is looked for them. */
  readonly listEveryMs?: number;
  /** Before an object is read. */
  readonly onObject?: (entry: ObjectEntry) => void;
}

/** A folder, or a bucket under a prefix. */
export interface ObjectPlace extends Place {
  /** What stands before the key of each object. */
  readonly prefix: string;
  open(): Promise<ObjectStore>;
  /** The place of one stream below this one. */
  below(stream: string): ObjectPlace;
}

export function placeOf(name: string, s3: S3Connection): ObjectPlace {
  if (streamIn(name) !== null)
    throw new CommandError(`${name}: a stream has no end; rowtime run --mirror compares with one`, exitCodes.usage);
  const base = name.replace(/\/$/, '');
  if (!name.startsWith('s3://')) {
    const open = async () => new FolderObjects(name);
    return { name, prefix: '', open, below: (stream) => placeOf(`${base}/${stream}`, s3), ...objectsOf(open) };
  }
  const url = parseS3Url(name);
  if (!url) throw new CommandError(`${name} is not s3://bucket/prefix`, exitCodes.usage);
  const open = async () => {
    const { S3Objects } = await import('@rowtime/sources/s3');
    return S3Objects.connect({ ...url, client: s3, random: Math.random });
  };
  return {
    name,
    prefix: url.prefix,
    open,
    below: (stream) => placeOf(`${base}/${stream}/`, s3),
    ...objectsOf(open),
  };
}

function objectsOf(open: ObjectPlace['open']): Pick<Place, 'discover' | 'source'> {
  return {
    async discover() {
      const store = await open();
      try {
        return await discoverObjects(store);
      } finally {
        store.close();
      }
    },
    async source({ onObject, ...options }) {
      const store = await open();
      const told: ObjectStore = {
        name: store.name,
        list: (after) => store.list(after),
        read: (entry) => {
          onObject?.(entry);
          return store.read(entry);
        },
        close: () => store.close(),
      };
      return objectSource({ store: told, since: null, ...options });
    },
  };
}

/** A Kinesis data stream, from its oldest record on. */
export function streamPlace(
  name: string,
  stream: string,
  connect: (region: string | null) => KinesisClientOptions,
): Place {
  const client = connect(nameAndRegion(stream).region);
  const { random } = Math;
  return {
    name,
    async discover(signal = new AbortController().signal) {
      const { discoverStream } = await import('@rowtime/sources/kinesis');
      return discoverStream({ stream, client, now: Date.now, random, signal });
    },
    async source({ inputSchema, now }) {
      const { kinesisSource } = await import('@rowtime/sources/kinesis');
      return reopened(() => kinesisSource({ stream, client, ...inputSchema, start: 'TRIM_HORIZON', now, random }));
    },
  };
}

/** A source that goes on where it failed, with the next poll: somebody may have mended what was wrong. */
async function reopened<P>(create: () => Promise<Source<P>>): Promise<Source<P>> {
  let source = await create();
  let position: P | null = null;
  let isFailed = false;
  return {
    schema: source.schema,
    open: (at) => source.open(at),
    async poll(signal) {
      if (isFailed) {
        await source.close();
        source = await create();
        await source.open(position);
        isFailed = false;
      }
      try {
        return await source.poll(signal);
      } catch (error) {
        position = source.position();
        isFailed = true;
        throw error;
      }
    },
    position: () => source.position(),
    close: () => source.close(),
  };
}

/** The streams that have each a folder of their own at a place, as rowtime writes them; null: the objects there are those of
 *  one stream, as a delivery stream lands them, which begins with the year. */
export async function streamsAt({ prefix, open }: ObjectPlace): Promise<string[] | null> {
  const store = await open();
  try {
    const streams: string[] = [];
    for (let after = ''; ; ) {
      const { entries, isLast } = await store.list(after);
      const found = entries.find(({ size }) => size > 0);
      if (!found) {
        if (isLast) return streams.length > 0 ? streams : null;
        after = entries.at(-1)?.key ?? after;
        continue;
      }
      const [first = '', ...rest] = found.key.slice(prefix.length).replace(/^\//, '').split('/');
      if (rest.length === 0 || /^\d{4}$/.test(first)) return null;
      streams.push(first);
      // Behind every key that begins so.
      after = `${found.key.slice(0, found.key.indexOf(first, prefix.length) + first.length)}/\u{10ffff}`;
    }
  } finally {
    store.close();
  }
}
