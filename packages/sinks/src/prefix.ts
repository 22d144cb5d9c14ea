import { createHash } from 'node:crypto';
import { DateFormat, type Millis } from '@rowtime/core';

/** What an expression in a prefix may stand for, of one object. */
export interface PrefixSubject {
  /** Arrival of the oldest record: every `!{timestamp:…}` of one prefix shows this instant. */
  readonly first: Millis;
  /** What `!{firehose:random-string}` is made from: the same text gives the same string. */
  readonly seed: string;
  /** `!{firehose:error-output-type}`, in an error prefix. */
  readonly errorType?: string;
}

export type Prefix = (subject: PrefixSubject) => string;

/** A prefix as Firehose evaluates it (AWS Firehose guide, "Custom prefixes for Amazon S3 objects"):
 *
 *      logs/                          logs/2024/01/31/23/        the hour is appended as it is: no slash is added
 *      logs/!{timestamp:yyyy/MM}/     logs/2024/01/              with an expression in it, nothing is
 *
 *  `timestamp` takes a pattern of Java's DateTimeFormatter, in UTC or the zone given. Throws a RangeError that says what is
 *  wrong with the prefix. */
export function compilePrefix(text: string, { kind = 'data', timeZone = 'UTC' }: PrefixOptions = {}): Prefix {
  const toLocal = localTime(timeZone);
  const parts = split(text);
  const compiled = parts.map((part) => compilePart(part, kind, text));
  if (parts.every((part) => typeof part === 'string')) {
    // An error prefix without the type would mix what failed in different ways.
    if (kind === 'error') compiled.push(({ errorType = 'processing-failed' }) => `${errorType}/`);
    compiled.push(timestamp('yyyy/MM/dd/HH/', text));
  }
  return (subject) => {
    const local = toLocal(subject.first);
    return compiled.map((part, index) => part(subject, local, index)).join('');
  };
}

export interface PrefixOptions {
  readonly kind?: 'data' | 'error';
  /** As `CustomTimeZone` of Firehose: an IANA name, "America/New_York". Default UTC. */
  readonly timeZone?: string;
}

type Part = (subject: PrefixSubject, local: Millis, index: number) => string;

interface Expression {
  readonly namespace: string;
  readonly value: string;
}

function split(text: string): (string | Expression)[] {
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (const match of text.matchAll(/!\{([^{}]*)\}/g)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const [namespace = '', ...rest] = match[1]!.split(':');
    parts.push({ namespace, value: rest.join(':') });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push(text.slice(at));
  const open = parts.find((part) => typeof part === 'string' && part.includes('!{'));
  if (open !== undefined) throw new RangeError(`prefix ${JSON.stringify(text)}: an expression !{… is not closed`);
  return parts;
}

function compilePart(part: string | Expression, kind: 'data' | 'error', prefix: string): Part {
  if (typeof part === 'string') return () => part;
  const { namespace, value } = part;
  if (namespace === 'timestamp') return timestamp(value, prefix);
  if (namespace === 'firehose' && value === 'random-string') return ({ seed }, _, index) => randomString(seed, index);
  if (namespace === 'firehose' && value === 'error-output-type') {
    if (kind === 'error') return ({ errorType = 'processing-failed' }) => errorType;
    throw new RangeError(`prefix ${JSON.stringify(prefix)}: error-output-type belongs in the error prefix only`);
  }
  throw new RangeError(
    `prefix ${JSON.stringify(prefix)}: !{${namespace}:${value}} is not known; there are !{timestamp:pattern}, ` +
      '!{firehose:random-string} and, in an error prefix, !{firehose:error-output-type}',
  );
}

// DateTimeFormatter and SimpleDateFormat, which `DateFormat` is, agree on these letters. `u` is the year in the first and
// the day of the week in the second; S is a fraction in the first, so that only SSS are milliseconds in both.
const letters = /^(?:[GyMLdDEaHhKkms]|SSS(?!S)|[^A-Za-z'])*$/;

function timestamp(pattern: string, prefix: string): Part {
  const java = pattern.replace(/'[^']*'|u+/g, (found) => (found.startsWith("'") ? found : 'y'.repeat(found.length)));
  try {
    const format = new DateFormat(java);
    if (!letters.test(java.replace(/'[^']*'/g, ''))) {
      throw new RangeError('the letters known here are G y u M L d D E a H h K k m s, and SSS');
    }
    return (_, local) => format.format(local);
  } catch (error) {
    throw new RangeError(`prefix ${JSON.stringify(prefix)}: timestamp ${pattern}: ${(error as Error).message}`);
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Eleven characters, as Firehose's, but of the object and the place in the prefix, never of chance. */
function randomString(seed: string, index: number): string {
  const bytes = createHash('sha256').update(`${seed}\n${index}`).digest();
  return Array.from(bytes.subarray(0, 11), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** Shifts an instant so that its UTC fields are what clocks show in the zone. */
function localTime(timeZone: string): (time: Millis) => Millis {
  if (timeZone === 'UTC') return (time) => time;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    throw new RangeError(`time zone ${JSON.stringify(timeZone)} is not known; take an IANA name: "Europe/Berlin"`);
  }
  return (time) => {
    const fields: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(time)) fields[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((time % 1000) + 1000) % 1000);
  };
}
