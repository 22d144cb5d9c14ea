import type { Batch, Millis } from './batch.ts';
import { ColumnBuilder, valueAt } from './column.ts';
import type { Failure } from './expr.ts';
import { columnKind, type Schema } from './schema.ts';

/** The columns of error_stream (AWS developer guide, "Error Handling"). */
export const errorStreamSchema: Schema = [
  { name: 'ERROR_TIME', type: { kind: 'timestamp' }, nullable: true },
  { name: 'ERROR_LEVEL', type: { kind: 'varchar', length: 10 }, nullable: true },
  { name: 'ERROR_NAME', type: { kind: 'varchar', length: 32 }, nullable: true },
  { name: 'MESSAGE', type: { kind: 'varchar', length: 4096 }, nullable: true },
  { name: 'DATA_ROWTIME', type: { kind: 'timestamp' }, nullable: true },
  { name: 'DATA_ROW', type: { kind: 'varchar', length: 49152 }, nullable: true },
  { name: 'PUMP_NAME', type: { kind: 'varchar', length: 128 }, nullable: true },
];

/** Takes the rows that one operator (or the input) could not compute. Collects during a push; the graph takes them after
 *  it and passes them to error_stream, so that an error is a row in time order like any other. */
export class RowErrors {
  readonly #pump: string | null;
  #rowtimes: Millis[] = [];
  #builders: ColumnBuilder[] | null = null;

  /** `pump` null: the input itself. */
  constructor(pump: string | null) {
    this.#pump = pump;
  }

  /** Row `row` of `batch` fails. */
  report({ name, message }: Failure, schema: Schema, batch: Batch, row: number): void {
    const data = new TextEncoder().encode(rowText(schema, batch, row));
    this.reportBytes(name, message, batch.rowtime[row], data);
  }

  /** A row or record that has only its bytes. Before the stream has any time (`streamTime` -Infinity) it gets the oldest
   *  there is, 1970-01-01: any other could be later than the first ROWTIME. */
  reportBytes(name: string, message: string, streamTime: Millis, data: Uint8Array): void {
    const rowtime = streamTime === Number.NEGATIVE_INFINITY ? 0 : streamTime;
    this.#builders ??= errorStreamSchema.map(({ type }) => new ColumnBuilder(columnKind(type)));
    // Not the wall clock: the same input gives the same error rows, also after a restart.
    const values = [rowtime, 'ERROR', name.slice(0, 32), message.slice(0, 4096), rowtime, hex(data), this.#pump];
    this.#builders.forEach((builder, c) => {
      builder.push(values[c]);
    });
    this.#rowtimes.push(rowtime);
  }

  /** What was reported since the last call, in the order of report; null if nothing was. */
  take(): Batch | null {
    if (!this.#builders || this.#rowtimes.length === 0) return null;
    const rowtime = Float64Array.from(this.#rowtimes);
    this.#rowtimes = [];
    return { length: rowtime.length, rowtime, columns: this.#builders.map((builder) => builder.finish()) };
  }
}

/** The row as JSON; a number that no double holds with all its digits. */
function rowText(schema: Schema, batch: Batch, row: number): string {
  const members = new Map<string, string>();
  schema.forEach(({ name }, c) => {
    const column = batch.columns[c];
    const value = valueAt(column, row);
    members.set(name, column.kind === 'exact' ? String(value) : JSON.stringify(value));
  });
  return `{${Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

const dataBytesMax = 49152 / 2;

function hex(data: Uint8Array): string {
  let text = '';
  for (let i = 0; i < data.length && i < dataBytesMax; i++) text += hexByte[data[i]];
  return text;
}

const hexByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
