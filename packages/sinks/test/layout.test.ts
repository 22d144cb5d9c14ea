import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectKey, safeName } from '../src/layout.ts';

describe('an object key', () => {
  test('is as Firehose writes it, in UTC, by the time of the first record', () => {
    const key = objectKey('captains-kfh', 7, Date.UTC(2024, 0, 2, 3, 4, 5, 678));
    expect(key).toMatch(
      /^2024\/01\/02\/03\/captains-kfh-1-2024-01-02-03-04-05-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('is the same each time, and another for another stream, sequence or time', () => {
    const time = Date.UTC(2024, 0, 1);
    const keys = [
      objectKey('a', 0, time),
      objectKey('b', 0, time),
      objectKey('a', 1, time),
      objectKey('a', 0, time + 1),
    ];
    expect(objectKey('a', 0, time)).toBe(keys[0]);
    expect(new Set(keys.map((key) => key.slice(-36))).size).toBe(4);
    // A change here orphans what was published: the next run would publish it again under other names.
    expect(keys[0]).toBe('2024/01/01/00/a-1-2024-01-01-00-00-00-65feba13-ccf9-574b-abac-d60401762173');
  });

  test('stays relative before year 0 and after 9999', () => {
    expect(objectKey('a', 0, -8.64e15)).toMatch(/^271822\/04\/20\/00\/a-1--271821-04-20-00-00-00-/);
    expect(objectKey('a', 0, 8.64e15)).toMatch(/^275760\/09\/13\/00\//);
    expect(() => objectKey('a', 0, Number.NaN)).toThrow('lies in the calendar');
  });
});

describe('a safe name', () => {
  test.each([
    ['CAPTAIN_SCORES', 'CAPTAIN_SCORES'],
    ['a.b-c', 'a.b-c'],
    ['', '%'],
    ['.', '%2E'],
    ['..', '%2E.'],
    ['../../etc', '%2E.%2F..%2Fetc'],
    ['/abs', '%2Fabs'],
    ['a\\b:c', 'a%5Cb%3Ac'],
    ['a\0b', 'a%00b'],
    ['%2E', '%252E'],
    ['é', '%C3%A9'],
  ])('%j is %s', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });

  test('fits a file name, and tells long names apart by their ends', () => {
    const names = ['x'.repeat(300), `${'x'.repeat(299)}y`, 'é'.repeat(300)].map(safeName);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(120);
    expect(new Set(names).size).toBe(3);
  });

  test('is one visible path segment, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        expect(safeName(name)).toMatch(/^[\w%-][\w.%~-]*$/);
      }),
    );
  });
});
