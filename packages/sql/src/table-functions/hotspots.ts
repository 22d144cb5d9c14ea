import {
  type Batch,
  ColumnBuilder,
  type Operator,
  type Output,
  printCount,
  type Schema,
  type Value,
} from '@rowtime/core';
import { SqlError } from '../errors.ts';
import { type Cluster, NeighbourWindow } from './neighbour-window.ts';
import { argumentsOf, type Parameter, positiveNumber, wholeNumber } from './parameters.ts';
import { checkPointColumns, Points } from './points.ts';
import type { TableFunction, TableFunctionOptions } from './table-function.ts';

const name = 'HOTSPOTS';

const parameters: readonly Parameter[] = [
  wholeNumber('windowSize', 100, 1000),
  positiveNumber('scanRadius'),
  wholeNumber('minimumNumberOfPointsInAHotspot', 2, 1000),
];

export const hotspots: TableFunction = {
  name,
  doc: 'HOTSPOTS(CURSOR(query), windowSize, scanRadius, minimumNumberOfPointsInAHotspot): the columns of the query and HOTSPOTS_RESULT, the dense regions among the last windowSize rows as JSON: {"hotspots":[{"density":…,"minValues":[…],"maxValues":[…]}]}.',
  bind(input, args, spanOf) {
    const [windowSize = 0, , minPoints = 0] = argumentsOf(name, parameters, args, spanOf).map(Number);
    if (minPoints > windowSize) {
      const message = `minimumNumberOfPointsInAHotspot ${minPoints} is more than windowSize ${windowSize}`;
      throw new SqlError('SQL_ARGUMENTS', message, spanOf(2), `it must be a whole number from 2 to ${windowSize}`);
    }
    checkPointColumns(name, input, spanOf(-1));
    // The heading of the page says HOTSPOT_RESULTS, every program HOTSPOTS_RESULT.
    return [...input, { name: 'HOTSPOTS_RESULT', type: { kind: 'varchar', length: null }, nullable: true }];
  },
  create: (input, output, args, options) => new Hotspots(input, output, args, options),
};

/** Adds HOTSPOTS_RESULT to each row: all hotspots among it and the rows before it. A row in error_stream takes no place
 *  in the window. Memory: the window, and a bit for each two of its rows. */
class Hotspots implements Operator {
  readonly schema: Schema;
  readonly #points: Points;
  readonly #radius: number;
  readonly #window: NeighbourWindow;
  /** The last result; most rows belong to no hotspot and leave it as it is. */
  #result: string | null = null;

  constructor(input: Schema, output: Schema, args: readonly Value[], { errors }: TableFunctionOptions) {
    const [windowSize = 0, radius = 0, minPoints = 0] = args.map(Number);
    this.schema = output;
    this.#points = new Points(name, input, errors);
    this.#radius = radius;
    this.#window = new NeighbourWindow(this.#points.columns.length, windowSize, radius, minPoints);
  }

  push(input: Batch, out: Output): void {
    const { batch, points } = this.#points.read(input);
    if (batch.length === 0) return;
    const results = new ColumnBuilder('text', batch.length);
    const dimensions = this.#points.columns.length;
    for (let at = 0; at < points.length; at += dimensions) {
      if (this.#window.add(points, at)) this.#result = null;
      this.#result ??= this.#describe();
      results.push(this.#result);
    }
    out({ ...batch, columns: [...batch.columns, results.finish()] });
  }

  advance(watermark: number): number {
    return watermark;
  }

  remembers(): string | null {
    return this.#window.length === 0 ? null : printCount(this.#window.length, 'row');
  }

  snapshot(): unknown {
    return this.#window.points();
  }

  // Who is whose neighbour follows from the points.
  restore(state: unknown): void {
    const points = state as Float64Array;
    for (let at = 0; at < points.length; at += this.#points.columns.length) this.#window.add(points, at);
  }

  #describe(): string {
    const list = this.#window.clusters().map((cluster) => ({
      density: density(cluster, this.#radius),
      minValues: cluster.min,
      maxValues: cluster.max,
    }));
    return JSON.stringify({ hotspots: list });
  }
}

/** "The number of records in the hotspot divided by the hotspot size" (AWS SQL reference, "HOTSPOTS"). The page does not
 *  say what the size is; here it is the volume of the box, in which a side without length counts as scanRadius. */
function density({ points, min, max }: Cluster, radius: number): number {
  let size = 1;
  for (const [d, low] of min.entries()) size *= max[d]! - low || radius;
  // Extreme sides overflow or vanish; JSON has neither infinity nor, by contract, a density of 0.
  return Math.min(Math.max(points / size, Number.MIN_VALUE), Number.MAX_VALUE);
}
