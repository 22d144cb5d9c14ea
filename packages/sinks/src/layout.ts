import { createHash } from 'node:crypto';
import { assert, type Millis } from '@rowtime/core';

/** Where Firehose puts an object: `YYYY/MM/DD/HH/<stream>-1-YYYY-MM-DD-HH-MM-SS-<uuid>`, in UTC, by the time of the first
 *  record in it (AWS Firehose guide, "Configure Amazon S3 object name format"). The name comes from its arguments alone,
 *  never from the clock or from chance, so that a repeat gives the same object. */
export function objectKey(stream: string, sequence: number, first: Millis): string {
  const time = new Date(first);
  assert(Number.isFinite(time.getTime()), 'the time of a record lies in the calendar');
  const year = String(time.getUTCFullYear()).padStart(4, '0');
  const rest = [
    time.getUTCMonth() + 1,
    time.getUTCDate(),
    time.getUTCHours(),
    time.getUTCMinutes(),
    time.getUTCSeconds(),
  ];
  const parts = [year, ...rest.map((n) => String(n).padStart(2, '0'))];
  const uuid = uuidV5(JSON.stringify([stream, sequence, first]));
  return `${parts.slice(0, 4).join('/')}/${safeName(stream)}-1-${parts.join('-')}-${uuid}`;
}

const safeBytesMax = 120;

/** A name as one path segment: what is not `A-Z a-z 0-9 _ . -`, and a leading dot, is percent-encoded, so the result is
 *  never empty, hidden, `..` or a path. Names too long for a file system are cut and end in a hash of the whole. */
export function safeName(name: string): string {
  if (name === '') return '%';
  const safe = Array.from(new TextEncoder().encode(name), safeByte).join('').replace(/^\./, '%2E');
  if (safe.length <= safeBytesMax) return safe;
  return `${safe.slice(0, safeBytesMax - 18)}%~${createHash('sha1').update(name).digest('hex').slice(0, 16)}`;
}

function safeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  return /[\w.-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

// Any fixed UUID would do; a change of it renames every object.
const namespace = Buffer.from('7e0c1f5a3d8b4c6e9a215b0d4f7c8e31', 'hex');

/** RFC 4122 §4.3: a UUID made from a name. */
function uuidV5(name: string): string {
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
