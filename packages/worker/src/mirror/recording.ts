import type { Batch, Schema, SqlType } from '@rowtime/core';
import type { InputSchema } from '@rowtime/sources/decoder';
import { discoverObjects, type ObjectSource, objectSource } from '@rowtime/sources/objects';
import { CommandError } from '../exit.ts';
import type { Place } from './place.ts';

/** What one side delivered of one stream. */
export interface Recording {
  readonly place: Place;
  /** As they are named in its records, with what their values look like. */
  readonly columns: readonly RecordedColumn[];
  readonly format: Format;
}

export interface RecordedColumn {
  readonly name: string;
  readonly type: SqlType;
}

type Format =
  | { readonly kind: 'json'; readonly mappings: readonly string[] }
  | { readonly kind: 'csv'; readonly csv: NonNullable<InputSchema['csv']>; readonly hasHeader: boolean; readonly isNamed: boolean };

/** Finds out what the records at a place are. `names`: those of the columns of CSV, which has none of its own. */
export async function findRecording(place: Place, names: readonly string[] | null): Promise<Recording> {
  const store = await place.open();
  const { columns, csv, hasHeader } = await discoverObjects(store).finally(() => store.close());
  if (columns.length === 0) throw new CommandError(`${place.name}: there is nothing: no object has a record`);
  if (!csv) {
    const mappings = columns.map(({ mapping }) => mapping);
    return { place, columns: columns.map(({ mapping, type }) => ({ name: memberOf(mapping), type })), format: { kind: 'json', mappings } };
  }
  if (names && names.length !== columns.length)
    throw new CommandError(`${place.name}: its rows have ${columns.length} columns, and ${names.length} are named`);
  const named = names ? columns.map(({ type }, c) => ({ name: names[c]!, type })) : columns.map(({ name, type }) => ({ name, type }));
  return { place, columns: named, format: { kind: 'csv', csv, hasHeader, isNamed: hasHeader || names !== null } };
}

/** `$.rating` and `$['a rating']`: what the record itself says, without the names that discovery makes of reserved words. */
function memberOf(mapping: string): string {
  return mapping.replace(/^\$\.?/, '').replace(/^\['(.*)'\]$/s, (_, inner: string) => inner.replace(/\\(.)/gs, '$1'));
}

const text: SqlType = { kind: 'varchar', length: null };
