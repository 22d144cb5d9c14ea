import { type Row, RowErrors, type Schema, type Value } from '@rowtime/core';
import { verifyOperator } from '@rowtime/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cluster, NeighbourWindow } from '../../src/table-functions/neighbour-window.ts';
import { batch, call, column, randomFrom, run, varchar } from './harness.ts';

const schema: Schema = [column('x', 'double'), column('is_hot', varchar(4)), column('y', 'double')];

interface Hotspot {
  readonly density: number;
  readonly minValues: number[];
  readonly maxValues: number[];
}

const hotspotsOf = (row: Row | undefined): Hotspot[] => JSON.parse(String(row?.['HOTSPOTS_RESULT'])).hotspots;

/** As the script of the developer guide makes them: every fifth point in a unit square of a 10 by 10 field. */
function field(count: number): [number, ...Value[]][] {
  const random = randomFrom(5);
  return Array.from({ length: count }, (_, i) => {
    return random() < 0.2 ? [i, 3 + random(), 'Y', 6 + random()] : [i, 10 * random(), 'N', 10 * random()];
  });
}

describe('HOTSPOTS', () => {
  test('finds the dense square of the developer guide, and where there is none reports none', () => {
    const rows = run(call('HOTSPOTS', schema, [1000, 0.2, 17]).create(), batch(schema, field(1200)));
    expect(rows[0]?.row['HOTSPOTS_RESULT']).toBe('{"hotspots":[]}');
    const found = hotspotsOf(rows.at(-1)?.row);
    expect(found).toHaveLength(1);
    const [{ density, minValues, maxValues }] = found as [Hotspot];
    [3, 6].forEach((low, d) => {
      expect(minValues[d]).toBeGreaterThan(low - 0.2);
      expect(maxValues[d]).toBeLessThan(low + 1.2);
    });
    // The sample viewer of the guide shows hotspots from a density of 40.
    expect(density).toBeGreaterThan(100);
  });

  test('adds HOTSPOTS_RESULT; the texts of columns that are no numbers do not matter', () => {
    const { schema: output } = call('HOTSPOTS', schema, [100, 1, 2]);
    expect(output.map(({ name }) => name)).toEqual(['x', 'is_hot', 'y', 'HOTSPOTS_RESULT']);
  });

  test('density is the number of points by the volume of their box', () => {
    const rows = run(
      call('HOTSPOTS', schema, [100, 2, 3]).create(),
      batch(schema, [
        [0, 0, 'a', 0],
        [1, 1, 'b', 0.5],
        [2, 0, 'c', 1],
      ]),
    );
    expect(rows.map(({ row }) => hotspotsOf(row))).toEqual([
      [],
      [],
      [{ density: 3, minValues: [0, 0], maxValues: [1, 1] }],
    ]);
  });

  test('a side without length counts as scanRadius', () => {
    const rows = run(
      call('HOTSPOTS', schema, [100, 0.5, 2]).create(),
      batch(schema, [
        [0, 7, 'a', 1],
        [1, 7, 'b', 1.25],
        [2, 9, 'c', 1],
        [3, 9, 'd', 1],
      ]),
    );
    expect(hotspotsOf(rows[3]?.row)).toEqual([
      { density: 2 / (0.5 * 0.25), minValues: [7, 1], maxValues: [7, 1.25] },
      { density: 2 / (0.5 * 0.5), minValues: [9, 1], maxValues: [9, 1] },
    ]);
  });

  test.each([1e-300, 1e300])('density is a positive number, also for sides of %s', (side) => {
    const numbers = [column('x', 'double'), column('y', 'double')];
    const rows = run(
      call('HOTSPOTS', numbers, [100, 1e308, 2]).create(),
      batch(numbers, [
        [0, 0, 0],
        [1, side, side],
      ]),
    );
    const [hotspot] = hotspotsOf(rows[1]?.row);
    expect(hotspot?.density).toBeGreaterThan(0);
    expect(hotspot?.density).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test('rows leave the window with the row that is windowSize later', () => {
    const near: [number, ...Value[]][] = [
      [0, 1, '', 1],
      [0, 1.5, '', 1],
    ];
    const far = Array.from({ length: 100 }, (_, i): [number, ...Value[]] => [i, 1000 * (i + 1), '', 0]);
    const rows = run(call('HOTSPOTS', schema, [100, 1, 2]).create(), batch(schema, [...near, ...far]));
    expect(rows.map(({ row }) => hotspotsOf(row).length)).toEqual([0, ...Array(99).fill(1), 0, 0]);
  });

  test('a row with NULL or no finite number goes to error_stream and takes no place in the window', () => {
    const errors = new RowErrors(null);
    const operator = call('HOTSPOTS', schema, [100, 1, 2]).create(errors);
    const rows = run(
      operator,
      batch(schema, [
        [0, 1, '', 1],
        [1, null, '', 1],
        [2, 1, '', Number.NEGATIVE_INFINITY],
        [3, 1, null, 1],
      ]),
    );
    expect(rows.map(({ rowtime, row }) => [rowtime, hotspotsOf(row).length])).toEqual([
      [0, 0],
      [3, 1],
    ]);
    expect(errors.take()?.length).toBe(2);
  });

  test('gives the same however the rows are cut, and after each restore', () => {
    const rows = verifyOperator({
      create: () => call('HOTSPOTS', schema, [100, 0.8, 4]).create(),
      steps: [{ batch: batch(schema, field(260)) }, { advance: 1000 }],
    });
    expect(rows).toHaveLength(260);
    expect(new Set(rows.map(({ row }) => row['HOTSPOTS_RESULT'])).size).toBeGreaterThan(20);
  });
});

describe('NeighbourWindow', () => {
  test('has at any time the clusters of its last points, and knows when they cannot have changed', () => {
    // Few places, so that equal points, distances of exactly the radius, and shared borders are common.
    const place = fc.integer({ min: 0, max: 9 });
    const many = fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(
        many,
        fc.integer({ min: 1, max: 70 }),
        fc.constantFrom(0.5, 1, 1.5, 3),
        fc.integer({ min: 1, max: 6 }),
        (all, size, radius, minPoints) => {
          const window = new NeighbourWindow(2, size, radius, minPoints);
          let last: Cluster[] = [];
          all.forEach((point, i) => {
            const changed = window.add(Float64Array.from(point), 0);
            const points = all.slice(Math.max(0, i + 1 - size), i + 1);
            const clusters = window.clusters();
            expect(clusters).toEqual(clustersOf(points, radius, minPoints));
            expect(Array.from(window.points())).toEqual(points.flat());
            if (!changed) expect(clusters).toEqual(last);
            last = clusters;
          });
        },
      ),
      { numRuns: 150, seed: 7 },
    );
  });

  test('in any number of dimensions', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { maxLength: 150 }),
        (dimensions, numbers) => {
          const points = Array.from({ length: Math.floor(numbers.length / dimensions) }, (_, i) =>
            numbers.slice(i * dimensions, (i + 1) * dimensions),
          );
          const window = new NeighbourWindow(dimensions, 40, 0.7, 3);
          for (const point of points) window.add(Float64Array.from(point), 0);
          expect(window.clusters()).toEqual(clustersOf(points.slice(-40), 0.7, 3));
        },
      ),
      { numRuns: 200, seed: 8 },
    );
  });
});

/** DBSCAN from its definition. */
function clustersOf(points: readonly (readonly number[])[], radius: number, minPoints: number): Cluster[] {
  const isNear = (a: readonly number[], b: readonly number[]): boolean =>
    a.reduce((sum, value, d) => sum + (value - (b[d] ?? 0)) ** 2, 0) <= radius * radius;
  const near = points.map((point) => points.flatMap((other, i) => (isNear(point, other) ? [i] : [])));
  const cores = new Set(near.flatMap((others, i) => (others.length >= minPoints ? [i] : [])));
  const seen = new Set<number>();
  const clusters: Cluster[] = [];
  for (const core of cores) {
    if (seen.has(core)) continue;
    const members = new Set<number>();
    const todo = [core];
    seen.add(core);
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      for (const other of near[at] ?? []) {
        members.add(other);
        if (!cores.has(other) || seen.has(other)) continue;
        seen.add(other);
        todo.push(other);
      }
    }
    const all = [...members].map((i) => points[i] ?? []);
    const side = (pick: (...values: number[]) => number): number[] =>
      (points[0] ?? []).map((_, d) => pick(...all.map((point) => point[d] ?? 0)));
    clusters.push({ points: all.length, min: side(Math.min), max: side(Math.max) });
  }
  return clusters;
}
