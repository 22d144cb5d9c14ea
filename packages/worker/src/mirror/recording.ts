import type { SqlType } from '@rowtime/core';
import type { InputSchema } from '@rowtime/sources/decoder';
import type { Discovered } from '@rowtime/sources/objects';
import { CommandError } from '../exit.ts';
import type { Place } from './place.ts';

/** What one side delivered of one stream, and how its records are written. */
export interface Recording {
  readonly place: Place;
  readonly columns: readonly RecordedColumn[];
  /** Records are CSV rows; null: JSON. */
  readonly csv: { readonly format: NonNullable<InputSchema['csv']>; readonly hasHeader: boolean } | null;
  /** Nobody says what its columns are called: CSV without a header. They have the names of the other side's, in order. */
  readonly isNameless: boolean;
}

export interface RecordedColumn {
  /** As the record says it. */
  readonly name: string;
  /** What its values look like at the start of the recording. */
  readonly type: SqlType;
  /** JSONPath; '' for CSV. */
  readonly mapping: string;
}

/** Looks at the first records of a place. `names`: of the columns of CSV without a header. */
export async function findRecording(
  place: Place,
  names: readonly string[] | null,
  signal?: AbortSignal,
): Promise<Recording> {
  const found = await place.discover(signal);
  if (found.columns.length === 0) throw new CommandError(`${place.name}: no record is there`);
  return { place, ...described(found, names, place.name) };
}

function described(
  { columns, csv, hasHeader }: Discovered,
  names: readonly string[] | null,
  where: string,
): Pick<Recording, 'columns' | 'csv' | 'isNameless'> {
  if (!csv) {
    const named = columns.map(({ mapping, type }) => ({ name: memberOf(mapping), type, mapping }));
    return { columns: named, csv: null, isNameless: false };
  }
  if (names && names.length !== columns.length) {
    throw new CommandError(`${where}: a row has ${columns.length} columns, and --columns names ${names.length}`);
  }
  const named = columns.map(({ name, type }, c) => ({ name: names?.[c] ?? name, type, mapping: '' }));
  return { columns: named, csv: { format: csv, hasHeader }, isNameless: !hasHeader && names === null };
}

/** `$.rating`, `$['a rating']`: discovery gives a member that is a reserved word another name, the record does not. */
function memberOf(mapping: string): string {
  return mapping.replace(/^\$\.?/, '').replace(/^\['(.*)'\]$/s, (_, inner: string) => inner.replace(/\\(.)/gs, '$1'));
}
