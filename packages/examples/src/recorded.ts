import { readFileSync } from 'node:fs';

// What Kinesis Analytics itself said: the console's output of the tutorial's programs, as pictures of it were published. Each
// file says which picture, when, and what may not be concluded from it.

/** Rows of an in-application stream as the console showed them. */
export interface RecordedRows {
  readonly stream: string;
  readonly recorded: string;
  readonly source: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A minute of popular-captains.sql: 12 of its 16 rows. */
export const recordedScores: RecordedRows = recorded('captain-scores.json');

/** The top of rating-anomaly.sql's ordered stream: the best of two seconds. */
export const recordedAnomalies: RecordedRows = recorded('ordered-anomalies.json');

/** A record of the tutorial's script, and columns that "Discover schema" found over such records. */
export const recordedDiscovery: {
  readonly recorded: string;
  readonly source: string;
  readonly record: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
} = recorded('schema-discovery.json');

function recorded<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../recorded/${file}`, import.meta.url), 'utf8')) as T;
}
