import { createHash } from 'node:crypto';
import { assert, type Millis } from '@rowtime/core';
import { compilePrefix } from './prefix.ts';

export interface LayoutOptions {
  /** Names the objects. */
  readonly stream: string;
  /** Before the name, with expressions as in Firehose (prefix.ts). Default '': `YYYY/MM/DD/HH/`. */
  readonly prefix?: string;
  /** Of objects that hold what could not be delivered. Default: that of the data. */
  readonly errorPrefix?: string;
  /** Of the prefixes; names of objects are in UTC. */
  readonly timeZone?: string;
  /** Counts the configurations of a delivery stream. Default 1. */
  readonly version?: number;
  /** After the name: ".gz". */
  readonly extension?: string;
}

export interface ObjectLayout {
  key(sequence: number, first: Millis): string;
  errorKey(sequence: number, first: Millis, errorType: string): string;
}

/** Where Firehose puts objects: `<prefix><stream>-<version>-YYYY-MM-DD-HH-MM-SS-<uuid><extension>`, by the time of the first
 *  record (AWS Firehose guide, "Configure Amazon S3 object name format"). A key comes from what is given here and to `key`,
 *  never from the clock or from chance, so that a repeat gives the same object. */
export function objectLayout(options: LayoutOptions): ObjectLayout {
  const { stream, prefix = '', timeZone = 'UTC', version = 1, extension = '' } = options;
  const ofData = compilePrefix(prefix, { timeZone });
  const ofErrors = compilePrefix(options.errorPrefix ?? prefix, { kind: 'error', timeZone });
  const seed = (sequence: number, first: Millis): string => JSON.stringify([stream, sequence, first]);
  const name = (sequence: number, first: Millis): string =>
    `${safeName(stream)}-${version}-${clockText(first)}-${uuidV5(seed(sequence, first))}${extension}`;
  return {
    key(sequence, first) {
      return ofData({ first, seed: seed(sequence, first) }) + name(sequence, first);
    },
    errorKey(sequence, first, errorType) {
      return ofErrors({ first, seed: seed(sequence, first), errorType }) + name(sequence, first);
    },
  };
}

/** The key of an object under no prefix of its own: `YYYY/MM/DD/HH/<stream>-1-YYYY-MM-DD-HH-MM-SS-<uuid>`. */
export function objectKey(stream: string, sequence: number, first: Millis): string {
  return objectLayout({ stream }).key(sequence, first);
}

/** `YYYY-MM-DD-HH-MM-SS` in UTC. */
function clockText(first: Millis): string {
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
  return [year, ...rest.map((n) => String(n).padStart(2, '0'))].join('-');
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
