import { type Checkpoint, encodeCheckpoint } from '@rowtime/core';

/** Where a source goes on, in a few words: what `position` of each source looks like is said in its file. */
export function describePosition(position: unknown): string {
  if (!isObject(position)) return JSON.stringify(position);
  const { path, offset, filesRead, stream, shards, done, segment, record, listing, current, since } = position;
  if (typeof path === 'string') {
    const before = Number(filesRead) > 0 ? `, after ${count(Number(filesRead), 'file')}` : '';
    return `${path}, byte ${number(offset)}${before}`;
  }
  if (typeof stream === 'string' && Array.isArray(shards)) {
    const read = Array.isArray(done) && done.length > 0 ? `, and ${done.length} read to their end` : '';
    return `stream ${stream}, ${count(shards.length, 'shard')}${read}`;
  }
  if (typeof segment === 'number') return `journal ${segment}, byte ${number(offset)}, record ${number(record)}`;
  if (isObject(listing)) return describeObjects(listing, current, since);
  return JSON.stringify(position, plainJson);
}

function describeObjects(listing: Readonly<Record<string, unknown>>, current: unknown, since: unknown): string {
  if (isObject(current) && isObject(current['entry'])) {
    return `object ${String(current['entry']['key'])}, byte ${number(current['offset'])}`;
  }
  if (typeof listing['after'] === 'string' && listing['after'] !== '') return `after object ${listing['after']}`;
  return typeof since === 'number' ? `objects since ${time(since)}` : 'the first object';
}

/** An output or other part of a job, as its checkpoint knows it. */
export interface PartDescription {
  readonly name: string;
  /** What it gives when rows come again: exactly once compares, at least once repeats. Null where it does not tell. */
  readonly delivery: 'exactly once' | 'at least once' | null;
  readonly state: string;
}

/** What the outputs had prepared: ObjectWriter's `PreparedObjects`, `Prepared` of a sink of deliveries (both of sinks). */
export function describeParts({ prepared }: Checkpoint): PartDescription[] {
  return prepared.flatMap((part): PartDescription[] => {
    if (!isObject(part)) return [];
    const { stream, open, sealed, target, rows, unsent } = part;
    if (typeof stream === 'string' && Array.isArray(sealed)) {
      const growing = isObject(open) ? `an open object of ${number(open['size'])} bytes` : 'no open object';
      return [{ name: stream, delivery: 'exactly once', state: `${growing}, ${sealed.length} to publish` }];
    }
    if (typeof target === 'string' && Array.isArray(unsent)) {
      const state = `${number(rows)} rows taken, ${unsent.length} not yet delivered`;
      return [{ name: target, delivery: 'at least once', state }];
    }
    return [];
  });
}

/** The state of an operator in bytes of its own in the file. */
export interface OperatorSize {
  readonly operator: string;
  readonly bytes: number;
}

/** Largest first; operators without state are left out. */
export function operatorSizes({ operators }: Checkpoint): OperatorSize[] {
  return Object.entries(operators)
    .filter(([, state]) => state !== null && state !== undefined)
    .map(([operator, state]) => ({ operator, bytes: encodeCheckpoint(state).length }))
    .sort((a, b) => b.bytes - a.bytes || (a.operator < b.operator ? -1 : 1));
}

/** A time as people and programs read it; null before the first row. */
export function time(millis: number): string | null {
  return Number.isFinite(millis) && Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : null;
}

/** For JSON.stringify: an exact integer as its digits. */
export function plainJson(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function number(value: unknown): string {
  return Number(value).toLocaleString('en');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
