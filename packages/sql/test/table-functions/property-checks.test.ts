import { describe, expect, test } from 'vitest';
import type { JsonRow, Property } from '../../src/conformance/case.ts';
import { checkProperty } from '../../src/conformance/properties.ts';

const stream = 'S';

function check(property: Omit<Property, 'stream'>, rows: readonly JsonRow[]): string | null {
  return checkProperty({ stream, ...property }, { rows, columns: [], rowsPerSecond: [] });
}

const explain = (x: number, y: number, direction = 'HIGH'): JsonRow => ({
  score: x + y,
  odd: direction,
  e: JSON.stringify({
    x: { DIRECTION: direction, STRENGTH: '0.1', ATTRIBUTION_SCORE: x.toFixed(4) },
    y: { DIRECTION: 'LOW', STRENGTH: '0.0', ATTRIBUTION_SCORE: y.toFixed(4) },
  }),
});

describe('explanation_shape', () => {
  const shape = {
    check: 'explanation_shape',
    column: 'e',
    keys: ['y', 'x'],
    fields: ['DIRECTION', 'STRENGTH', 'ATTRIBUTION_SCORE'],
    direction_values: ['HIGH', 'LOW'],
  };

  test('passes for exactly the keys and fields, in any order', () => {
    expect(check(shape, [explain(1, 2)])).toBeNull();
  });

  test.each([
    ['no JSON', 'x'],
    ['NULL', null],
    ['no object', '[]'],
    ['a key too few', '{"x":{"DIRECTION":"LOW","STRENGTH":"0","ATTRIBUTION_SCORE":"0"}}'],
    ['a key too many', JSON.stringify({ ...JSON.parse(String(explain(1, 1)['e'])), z: {} })],
    ['a field too few', '{"x":{"DIRECTION":"LOW"},"y":{"DIRECTION":"LOW"}}'],
    ['a number for a text', String(explain(1, 1)['e']).replace('"0.1"', '0.1')],
    ['a negative number', String(explain(1, 1)['e']).replace('"0.1"', '"-0.1"')],
    ['another direction', String(explain(1, 1)['e']).replace('HIGH', 'UP')],
  ])('fails for %s', (_, e) => {
    expect(check(shape, [{ e }])).toContain('row 1');
    expect(check({ ...shape, skip: 1 }, [{ e }, explain(1, 1)])).toBeNull();
  });
});

test('attribution_sum compares the sum over the keys with the score', () => {
  const sum = { check: 'attribution_sum', column: 'e', score: 'score', keys: ['x', 'y'], tolerance: 0.001 };
  expect(check(sum, [explain(1, 2)])).toBeNull();
  expect(check(sum, [{ ...explain(1, 2), score: 3.01 }])).toContain('row 1');
  expect(check({ ...sum, keys: ['x', 'z'] }, [explain(1, 2)])).toContain('row 1');
});

test('attribution_greater and explanation_direction ask for a share of the selected rows', () => {
  const rows = [explain(1, 2), explain(2, 1, 'LOW'), explain(3, 1, 'LOW'), explain(1, 4, 'LOW')];
  const where = { column: 'odd', equals: 'LOW' };
  const greater = { check: 'attribution_greater', column: 'e', greater: 'x', less: 'y', where };
  expect(check({ ...greater, min_share: 0.66 }, rows)).toBeNull();
  expect(check({ ...greater, min_share: 0.67 }, rows)).toContain('2 of 3 rows');
  expect(check({ ...greater, min_share: 0.5, skip: 3 }, rows)).toContain('0 of 1 rows');
  expect(check({ ...greater, min_share: 0, skip: 4 }, rows)).toBe('no row is selected');
  const direction = {
    check: 'explanation_direction',
    column: 'e',
    key: 'x',
    direction: 'LOW' as const,
    min_share: 0.75,
  };
  expect(check(direction, rows)).toBeNull();
  expect(check({ ...direction, key: 'z' }, rows)).toContain('0 of 4 rows');
  expect(check({ ...direction, where: { column: 'odd', not_equals: 'LOW' } }, rows)).toContain('0 of 1 rows');
});

describe('hotspots', () => {
  const hotspot = (min: number[], max: number[], density = 5): string =>
    JSON.stringify({ hotspots: [{ density, minValues: min, maxValues: max }] });
  const json = { check: 'hotspots_json', column: 'h', dims: 2 };

  test.each([
    ['NULL', null],
    ['an empty list', '{"hotspots":[]}'],
    ['a box', hotspot([1, 2], [1, 3])],
  ])('hotspots_json passes for %s', (_, h) => expect(check(json, [{ h }])).toBeNull());

  test.each([
    ['no JSON', '?'],
    ['no list', '{}'],
    ['no density', hotspot([1, 2], [1, 3], 0)],
    ['other dimensions', hotspot([1], [1])],
    ['min beyond max', hotspot([1, 4], [1, 3])],
    ['texts', '{"hotspots":[{"density":1,"minValues":["1","1"],"maxValues":["1","1"]}]}'],
  ])('hotspots_json fails for %s', (_, h) => expect(check(json, [{ h }])).toContain('row 1'));

  test('hotspot_found asks for one hotspot within the grown box', () => {
    const found = {
      check: 'hotspot_found',
      column: 'h',
      box: { min: [0, 0], max: [1, 1] },
      margin: 0.5,
      min_share: 0.5,
    };
    const rows = [{ h: hotspot([-0.5, 0], [1.5, 1]) }, { h: hotspot([-0.6, 0], [1, 1]) }];
    expect(check(found, rows)).toBeNull();
    expect(check({ ...found, skip: 1 }, rows)).toContain('0 of 1 rows');
    expect(check(found, [{ h: null }])).toContain('0 of 1 rows');
  });

  test('hotspots_mostly_empty counts NULL and empty lists', () => {
    const empty = { check: 'hotspots_mostly_empty', column: 'h', min_share: 0.6 };
    const rows = [{ h: null }, { h: '{"hotspots":[]}' }, { h: hotspot([0, 0], [1, 1]) }];
    expect(check(empty, rows)).toBeNull();
    expect(check({ ...empty, min_share: 0.7 }, rows)).toContain('2 of 3 rows');
  });
});
