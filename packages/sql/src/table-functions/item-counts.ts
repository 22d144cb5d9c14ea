import {
  aggregateFunction,
  assert,
  type Operator,
  type RowErrors,
  type Schema,
  step,
  Tumble,
  type Value,
} from '@rowtime/core';
import { columnName, type Parameter, wholeNumber } from './parameters.ts';

export const itemColumn: Parameter = columnName('columnName');

export const windowSeconds: Parameter = wholeNumber('windowSize', 1, 3600);

/** How often each value of a column occurs in a tumbling window: GROUP BY item, STEP(ROWTIME BY seconds). Emits the
 *  columns item, start of the window, and count; items in the order in which they came. NULL is an item like any other. */
export function itemCounts(input: Schema, column: number, seconds: Value, errors: RowErrors): Operator {
  const count = aggregateFunction('COUNT')?.bind([]);
  assert(count, 'COUNT(*) is an aggregate');
  return new Tumble({
    input,
    window: step(1_000 * Number(seconds)),
    keys: [column],
    calls: [{ name: 'ITEM_COUNT', input: null, aggregate: count }],
    errors,
  });
}
