import { type Checkpoint, encodeCheckpoint, type SavedPart } from '@rowtime/core';
import { printUnit } from '../state-change.ts';

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
  /** All that it took is where it belongs. */
  readonly isDone: boolean;
}

/** What the outputs had prepared. */
export function describeParts({ parts }: Checkpoint): PartDescription[] {
  return parts.flatMap((part) => describePart(part) ?? []);
}

/** ObjectWriter's `PreparedObjects`, `Prepared` of a sink of deliveries (both of sinks); null for what keeps no rows. */
export function describePart({ name, prepared }: Pick<SavedPart, 'name' | 'prepared'>): PartDescription | null {
  if (!isObject(prepared)) return null;
  const { stream, open, sealed, rows, unsent } = prepared;
  if (typeof stream === 'string' && Array.isArray(sealed)) {
    const growing = isObject(open) ? `an open object of ${number(open['size'])} bytes` : 'no open object';
    const isDone = !isObject(open) && sealed.length === 0;
    return { name, delivery: 'exactly once', state: `${growing}, ${sealed.length} to publish`, isDone };
  }
  if (Array.isArray(unsent)) {
    const taken = typeof rows === 'number' ? `${number(rows)} rows taken, ` : '';
    const state = `${taken}${unsent.length} not yet delivered`;
    return { name, delivery: 'at least once', state, isDone: unsent.length === 0 };
  }
  return null;
}

/** The state of an operator, in words and in bytes of its own in the file. */
export interface OperatorState {
  readonly operator: string;
  /** "pump STREAM_PUMP: tumbling window of 1 minute, 52 keys open" */
  readonly state: string;
  readonly bytes: number;
}

/** Largest first; operators without state are left out. */
export function operatorStates({ nodes, operators }: Checkpoint): OperatorState[] {
  return nodes
    .filter(({ id }) => operators[id] != null)
    .map(({ id, owner, what, remembers }) => {
      const state = printUnit({ owner, what, remembers: remembers ?? '' });
      return { operator: id, state, bytes: encodeCheckpoint(operators[id]).length };
    })
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
