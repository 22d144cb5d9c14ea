import { describe, expect, test } from 'vitest';
import { objectLayout } from '../src/layout.ts';
import { compilePrefix, type PrefixOptions } from '../src/prefix.ts';

const first = Date.UTC(2024, 0, 2, 3, 4, 5, 6);
const evaluated = (text: string, options?: PrefixOptions) => compilePrefix(text, options)({ first, seed: 'a' });

describe('a prefix', () => {
  // AWS Firehose guide, "Custom prefixes for Amazon S3 objects".
  test.each([
    ['', '2024/01/02/03/'],
    ['pre', 'pre2024/01/02/03/'],
    ['pre/', 'pre/2024/01/02/03/'],
    ['!{timestamp:yyyy/MM/dd}/', '2024/01/02/'],
    ['y=!{timestamp:yyyy}/m=!{timestamp:MM}/', 'y=2024/m=01/'],
    ["!{timestamp:'year='uuuu'/'DDD-HH:mm:ss.SSS}", 'year=2024/002-03:04:05.006'],
    ['!{timestamp:EEE MMM d, hh a}/', 'Tue Jan 2, 03 AM/'],
  ])('%j is %s', (text, expected) => expect(evaluated(text)).toBe(expected));

  test('is in the time zone given, summer time and all', () => {
    expect(evaluated('', { timeZone: 'America/New_York' })).toBe('2024/01/01/22/');
    const july = Date.UTC(2024, 6, 1, 0, 30);
    expect(compilePrefix('', { timeZone: 'America/New_York' })({ first: july, seed: '' })).toBe('2024/06/30/20/');
  });

  test('has strings that look random, and are those of the object', () => {
    const prefix = compilePrefix('!{firehose:random-string}/!{firehose:random-string}/');
    const text = prefix({ first, seed: 'a' });
    expect(text).toMatch(/^[A-Za-z0-9]{11}\/[A-Za-z0-9]{11}\/$/);
    expect(text.slice(0, 11)).not.toBe(text.slice(12, 23));
    expect(prefix({ first, seed: 'a' })).toBe(text);
    expect(prefix({ first, seed: 'b' })).not.toBe(text);
  });

  test('for errors says what failed', () => {
    const layout = objectLayout({
      stream: 's',
      prefix: 'ok/',
      errorPrefix: 'bad/!{firehose:error-output-type}/!{timestamp:yyyy}/',
    });
    expect(layout.errorKey(0, first, 'format-conversion-failed')).toMatch(
      /^bad\/format-conversion-failed\/2024\/s-1-2024-01-02-/,
    );
    expect(objectLayout({ stream: 's', errorPrefix: 'bad/' }).errorKey(0, first, 'x')).toMatch(
      /^bad\/x\/2024\/01\/02\/03\/s-1-/,
    );
  });

  test('has the version of the delivery stream and the extension in its names', () => {
    expect(objectLayout({ stream: 's', version: 3, extension: '.gz' }).key(0, first)).toMatch(
      /\/s-3-2024-01-02-03-04-05-[0-9a-f-]{36}\.gz$/,
    );
  });
});

test.each([
  ['a!{timestamp:yyyy', 'not closed'],
  ['!{timestamp:YYYY}', 'the letters known here are'],
  ['!{timestamp:HH:SS}', 'the letters known here are'],
  ["!{timestamp:'x}", 'the quote at character 1 is not closed'],
  ['!{firehose:error-output-type}', 'belongs in the error prefix only'],
  ['!{partitionKeyFromQuery:id}', '!{partitionKeyFromQuery:id} is not known; there are !{timestamp:pattern}'],
])('%s is refused', (text, message) => expect(() => compilePrefix(text)).toThrow(message));

test('a time zone that is none is refused', () => {
  expect(() => compilePrefix('', { timeZone: 'Mars/Olympus' })).toThrow('time zone "Mars/Olympus" is not known');
});
