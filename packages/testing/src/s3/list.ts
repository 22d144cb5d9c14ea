import type { Xml } from '../xml.ts';
import { S3Fault } from './fault.ts';
import type { S3Store } from './store.ts';

/** ListObjectsV2: keys in the order of their UTF-8 bytes, those with a delimiter after the prefix folded into one. */
export function listObjects(store: S3Store, bucket: string, query: URLSearchParams): Xml {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after') ?? '';
  const token = query.get('continuation-token');
  const max = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  if (!(max >= 0)) throw new S3Fault(400, 'InvalidArgument', 'max-keys is a number');
  const shown = query.get('encoding-type') === 'url' ? encodeURIComponent : (text: string) => text;
  const after = Buffer.from(token === null ? startAfter : Buffer.from(token, 'base64').toString());

  const rows: Xml[] = [];
  let last = '';
  let isTruncated = false;
  for (const key of store.keys(bucket)) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = end < 0 ? key : key.slice(0, end + delimiter.length);
    // A folded entry was given already when the page before ended with it or with a key in it.
    if (Buffer.compare(Buffer.from(entry), after) <= 0 || entry === last) continue;
    if (end >= 0 && after.toString().startsWith(entry)) continue;
    if (rows.length === max) {
      isTruncated = true;
      break;
    }
    last = entry;
    rows.push(end < 0 ? contents(store, bucket, key, shown(key)) : ['CommonPrefixes', [['Prefix', shown(entry)]]]);
  }
  return [
    'ListBucketResult',
    [
      ['Name', bucket],
      ['Prefix', shown(prefix)],
      ['MaxKeys', max],
      ['KeyCount', rows.length],
      ['IsTruncated', isTruncated],
      delimiter === '' ? null : ['Delimiter', shown(delimiter)],
      startAfter === '' ? null : ['StartAfter', shown(startAfter)],
      token === null ? null : ['ContinuationToken', token],
      query.get('encoding-type') === 'url' ? ['EncodingType', 'url'] : null,
      isTruncated ? ['NextContinuationToken', Buffer.from(last).toString('base64')] : null,
      ...rows,
    ],
  ];
}

function contents(store: S3Store, bucket: string, key: string, shown: string): Xml {
  const { etag, content, modified } = store.get(bucket, key);
  const date = new Date(modified).toISOString();
  return [
    'Contents',
    [
      ['Key', shown],
      ['LastModified', date],
      ['ETag', etag],
      ['Size', content.length],
      ['StorageClass', 'STANDARD'],
    ],
  ];
}
