import type { InputSchema } from './decoder.ts';
import { discoverSchema } from './discover.ts';
import { discoverCsv } from './discover-csv.ts';
import { SourceError } from './errors.ts';

/** A schema, and whether the first row looks like the names of its columns. */
export interface Discovered extends InputSchema {
  readonly hasHeader: boolean;
}

/** What the records at the start of an input are. Throws if they are nothing known; blanks alone have no columns. */
export function discoverInput(sample: Uint8Array, rowPath?: string): Discovered {
  const found = schemaFound(sample, rowPath);
  if (found) return found;
  if (sample.some((byte) => byte > 0x20)) {
    throw new SourceError(
      'cannot discover a schema: at the start of the input there are neither JSON objects nor CSV rows of two columns and more',
    );
  }
  return { columns: [], hasHeader: false };
}

/** null: nothing known, or not yet. */
export function schemaFound(sample: Uint8Array, rowPath?: string): Discovered | null {
  const csv = rowPath === undefined && !looksLikeJson(sample) ? discoverCsv(sample) : null;
  if (csv) return csv;
  const columns = discoverSchema(sample, rowPath);
  return columns.length > 0 ? { columns, ...(rowPath !== undefined && { rowPath }), hasHeader: false } : null;
}

/** Half of the first lines and more begin as a JSON object or array does. */
function looksLikeJson(sample: Uint8Array): boolean {
  const start = Buffer.from(sample.subarray(0, 64 * 1024))
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '');
  const lines = start
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 100);
  return lines.filter((line) => /^\s*[{[]/.test(line)).length * 2 >= lines.length;
}
