import { FolderObjects, type ObjectStore } from '@rowtime/sources/objects';
import { parseS3Url } from '../application/arn.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** How to reach S3; what is left out is found where every AWS program finds it. */
export interface S3Connection {
  readonly region?: string;
  readonly endpoint?: string;
  readonly forcePathStyle?: boolean;
}

/** Where a recording lies: a folder, or a bucket under a prefix. */
export interface Place {
  /** As it was given. */
  readonly name: string;
  /** What stands before the key of each object. */
  readonly prefix: string;
  open(): Promise<ObjectStore>;
  /** The place of one stream below this one. */
  below(stream: string): Place;
}

export function placeOf(name: string, s3: S3Connection): Place {
  if (!name.startsWith('s3://')) {
    const open = async () => new FolderObjects(name);
    return { name, prefix: '', open, below: (stream) => placeOf(`${name.replace(/\/$/, '')}/${stream}`, s3) };
  }
  const url = parseS3Url(name);
  if (!url) throw new CommandError(`${name} is not s3://bucket/prefix`, exitCodes.usage);
  return {
    name,
    prefix: url.prefix,
    async open() {
      const { S3Objects } = await import('@rowtime/sources/s3');
      return S3Objects.connect({ ...url, client: s3, random: Math.random });
    },
    below: (stream) => placeOf(`${name.replace(/\/$/, '')}/${stream}/`, s3),
  };
}

/** The streams that have each a folder of their own at a place, as rowtime writes them; null: the objects there are those of
 *  one stream, as a delivery stream lands them, which begins with the year. */
export async function streamsAt({ prefix, open }: Place): Promise<string[] | null> {
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
