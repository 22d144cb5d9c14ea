import {
  arrivalClock,
  type Clock,
  columnClock,
  isNumeric,
  type Millis,
  printType,
  systemClock,
  type TimeUnit,
} from '@rowtime/core';
import type { InputColumn } from '@rowtime/sources/json';
import { CommandError, exitCodes } from './exit.ts';

/** What `--rowtime` says: where the ROWTIME of a row comes from. */
export type RowtimePolicy =
  | { readonly kind: 'arrival' }
  | { readonly kind: 'system' }
  | { readonly kind: 'column'; readonly name: string; readonly unit: TimeUnit };

export function parseRowtimePolicy(text: string): RowtimePolicy {
  if (text === 'arrival' || text === 'system') return { kind: text };
  const match = /^column:(.+?)(?::(s|ms))?$/s.exec(text);
  if (match?.[1]) return { kind: 'column', name: match[1], unit: (match[2] as TimeUnit | undefined) ?? 'auto' };
  throw new CommandError(`--rowtime ${text}: expected arrival, system, or column:NAME[:s|:ms]`, exitCodes.usage);
}

/** The clock of a policy. `used`: the columns that the program reads; the result says which must be decoded. */
export function clockOf(
  policy: RowtimePolicy,
  columns: readonly InputColumn[],
  used: readonly boolean[],
  now: () => Millis,
): { readonly clock: Clock; readonly decoded: readonly boolean[] } {
  if (policy.kind === 'arrival') return { clock: arrivalClock(), decoded: used };
  if (policy.kind === 'system') return { clock: systemClock(now), decoded: used };
  const column = findColumn(policy.name, columns);
  const schema = columns.map(({ name, type }) => ({ name, type, nullable: true }));
  const decoded = used.map((isUsed, index) => isUsed || index === column);
  return { clock: columnClock(schema, column, policy.unit, decoded), decoded };
}

// A column by its name, or the field of the record that a column maps.
function findColumn(name: string, columns: readonly InputColumn[]): number {
  const byName = columns.findIndex((column) => column.name === name);
  const index = byName >= 0 ? byName : columns.findIndex(({ mapping }) => fieldOf(mapping) === name);
  const column = columns[index];
  if (!column) {
    const names = columns.map((known) =>
      known.mapping === '' || fieldOf(known.mapping) === known.name
        ? known.name
        : `${known.name} (field ${fieldOf(known.mapping)})`,
    );
    throw new CommandError(
      `--rowtime column:${name}: the input has no such column or field; it has ${names.join(', ')}`,
    );
  }
  if (column.type.kind === 'timestamp' || isNumeric(column.type)) return index;
  throw new CommandError(
    `--rowtime column:${name}: ${column.name} is ${printType(column.type)}; it must be a TIMESTAMP, or a number of epoch seconds or milliseconds`,
  );
}

function fieldOf(mapping: string): string {
  return mapping.replace(/^\$\.?/, '').replace(/^\['(.*)'\]$/s, '$1');
}
