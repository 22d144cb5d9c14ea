import fc from 'fast-check';
import { type Batch, fromRows, type Millis, type Row } from '../src/batch.ts';
import type { Value } from '../src/column.ts';
import type { Schema, SqlType } from '../src/schema.ts';
import type { Step } from '../src/testing/verify-operator.ts';

export type TimedRow = { readonly rowtime: Millis; readonly row: Row };

/** A schema from names and types. Columns are nullable. */
export function schemaOf(columns: Readonly<Record<string, SqlType>>): Schema {
  return Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true }));
}

/** A batch of `[rowtime, value, value, …]`. */
export function batchOf(schema: Schema, ...rows: readonly (readonly [Millis, ...Value[]])[]): Batch {
  return fromRows(
    schema,
    rows.map(([rowtime, ...values]) => ({
      rowtime,
      row: Object.fromEntries(schema.map(({ name }, c) => [name, values[c] ?? null])),
    })),
  );
}

/** What an operator emitted, as `[rowtime, value, value, …]`. */
export function tuples(rows: readonly TimedRow[]): (readonly [Millis, ...Value[]])[] {
  return rows.map(({ rowtime, row }) => [rowtime, ...Object.values(row)]);
}

const values: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  integer: fc.integer({ min: -9, max: 9 }),
  double: fc.integer({ min: -9, max: 9 }).map((n) => n / 2),
  boolean: fc.boolean(),
  varchar: fc.constantFrom('', 'a', 'b', 'ab', 'é'),
};

/** Batches in ROWTIME order with time passing between them, on any of `inputs`; at last all time has passed. */
export function arbitrarySteps(schema: Schema, { inputs = 1, gapMax = 40_000 } = {}): fc.Arbitrary<Step[]> {
  const gap = fc.oneof(fc.constantFrom(0, 0, 1, 1_000), fc.nat(gapMax));
  const row = fc.tuple(...schema.map(({ type }) => fc.option(values[type.kind]!, { nil: null, freq: 5 })));
  const rows = fc.array(fc.tuple(gap, row), { minLength: 1, maxLength: 12 });
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.record({ rows, input: fc.nat(inputs - 1) }) },
    { weight: 1, arbitrary: fc.record({ advance: gap }) },
  );
  return fc.array(action, { maxLength: 12 }).map((actions) => {
    let t = 0;
    const steps = actions.map((made): Step => {
      if ('advance' in made) {
        t += made.advance;
        return { advance: t };
      }
      const timed = made.rows.map(([passed, cells]): readonly [Millis, ...Value[]] => {
        t += passed;
        return [t, ...cells];
      });
      return { batch: batchOf(schema, ...timed), input: made.input };
    });
    return [...steps, { advance: Number.POSITIVE_INFINITY }];
  });
}

/** Every row of the steps. */
export function rowsOf(steps: readonly Step[], toRows: (batch: Batch) => TimedRow[]): TimedRow[] {
  return steps.flatMap((step) => ('batch' in step ? toRows(step.batch) : []));
}
