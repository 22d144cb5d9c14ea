import {
  type Batch,
  columnKind,
  constantColumn,
  errorStream,
  errorStreamSchema,
  fromRows,
  type Graph,
  type Millis,
  type RejectedRecord,
  type Row,
  rowAt,
  type Schema,
  slice,
  upgrade,
  type Value,
} from '@rowtime/core';
import { type Application, compile, parseType } from '../application.ts';
import type { ReferenceTable } from '../catalog.ts';
import { SqlError } from '../errors.ts';
import type { ConformanceCase, InputEntry, JsonRow, JsonValue } from './case.ts';
import { compareRows } from './compare.ts';
import { checkProperty } from './properties.ts';

/** Decodes the records of an `input_config`. Records are bytes from a source, which this package does not know. */
export interface RecordDecoder {
  readonly schema: Schema;
  decode(
    record: string,
    rowtime: Millis,
  ): { readonly batch: Batch | null; readonly rejected: readonly RejectedRecord[] };
}

export interface RunOptions {
  /** Makes the decoder of one stream from its InputSchema. */
  readonly decoder: (inputSchema: unknown) => RecordDecoder;
}

/** The ways in which the input is cut into batches; in the last, every operator is restored from its snapshot each time. */
export const ways = [
  { name: 'row by row', rows: 1, restore: false },
  { name: 'in sevens', rows: 7, restore: false },
  { name: 'at once', rows: Number.POSITIVE_INFINITY, restore: false },
  { name: 'restored after each step', rows: 1, restore: true },
] as const;

/** Why a case fails; null if it passes in every way. */
export function runCase(test: ConformanceCase, options: RunOptions): string | null {
  const decoders = new Map(
    Object.entries(test.input_config ?? {}).map(([stream, config]) => [stream, options.decoder(config)]),
  );
  let application: Application;
  try {
    application = compile(test.sql, { inputs: inputSchemas(test, decoders), tables: tablesOf(test) });
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    if (test.expected_error && error.code !== 'SQL_NOT_SUPPORTED_YET') return null;
    return `${error.code}: ${error.message} (${place(test.sql, error.span.from)})`;
  }
  if (test.expected_error) return 'the program was accepted';
  const steps = stepsOf(test, application, decoders);
  for (const way of ways) {
    const why = checkRun(test, application, play(application, cut(steps, way.rows), test.advance_to, way.restore));
    if (why) return `${way.name}: ${why}`;
  }
  return null;
}

function inputSchemas(test: ConformanceCase, decoders: ReadonlyMap<string, RecordDecoder>): Record<string, Schema> {
  const declared = Object.entries(test.input_schema ?? {}).map(([stream, columns]): [string, Schema] => [
    stream,
    columns.map(({ name, type }) => ({ name, type: parseType(type), nullable: true })),
  ]);
  return Object.fromEntries([
    ...declared,
    ...[...decoders].map(([stream, { schema }]): [string, Schema] => [stream, schema]),
  ]);
}

function tablesOf({ reference_tables: tables = {} }: ConformanceCase): Record<string, ReferenceTable> {
  return Object.fromEntries(
    Object.entries(tables).map(([name, table]) => {
      const schema = table.schema.map((column) => ({
        name: column.name,
        type: parseType(column.type),
        nullable: true,
      }));
      return [name, { schema, rows: table.rows.map((row) => fromJson(row, schema)) }];
    }),
  );
}

function place(sql: string, offset: number): string {
  const before = sql.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** Rows of one stream, records that gave none, or a bound on it. */
interface Step {
  readonly stream: string;
  readonly batch: Batch | null;
  readonly rejected: readonly RejectedRecord[];
  readonly rowtime: Millis;
}

function stepsOf(
  test: ConformanceCase,
  { streams }: Application,
  decoders: ReadonlyMap<string, RecordDecoder>,
): Step[] {
  const table = test.input_table;
  const entries: readonly InputEntry[] = table
    ? table.rows.map((values, i) => ({
        stream: table.stream,
        rowtime: new Date(Date.parse(table.rowtime_start) + i * table.step_ms).toISOString(),
        row: Object.fromEntries(table.columns.map((column, c): [string, JsonValue] => [column, values[c] ?? null])),
      }))
    : (test.input ?? []);
  const steps: Step[] = [];
  let rows: { rowtime: Millis; row: Row }[] = [];
  let stream = '';
  const schemaOf = (name: string): Schema => {
    const found = streams.find((known) => known.name === name);
    return found ? [...found.schema, ...found.metadata] : [];
  };
  const metadataOf = (name: string): Schema => streams.find((known) => known.name === name)?.metadata ?? [];
  const toRow = ({ stream: name, rowtime, row = {}, meta = {} }: InputEntry): Row =>
    fromJson({ APPROXIMATE_ARRIVAL_TIME: rowtime, ...meta, ...row }, schemaOf(name));
  const flush = (): void => {
    const schema = schemaOf(stream);
    const last = rows.at(-1);
    if (last) steps.push({ stream, batch: fromRows(schema, rows), rejected: [], rowtime: last.rowtime });
    rows = [];
  };
  for (const entry of entries) {
    const rowtime = Date.parse(entry.rowtime);
    if (entry.row && entry.stream === stream) {
      rows.push({ rowtime, row: toRow(entry) });
      continue;
    }
    flush();
    stream = entry.stream;
    if (entry.row) rows.push({ rowtime, row: toRow(entry) });
    else if (entry.record === undefined) steps.push({ stream, batch: null, rejected: [], rowtime });
    else {
      const decoded = decoders.get(stream)?.decode(entry.record, rowtime);
      const batch = decoded?.batch ? withMetadata(decoded.batch, metadataOf(stream), toRow(entry)) : null;
      steps.push({ stream, batch, rejected: decoded?.rejected ?? [], rowtime });
    }
  }
  flush();
  return steps;
}

/** Decoders know nothing of the metadata columns, which all rows of a record share. */
function withMetadata(batch: Batch, metadata: Schema, values: Row): Batch {
  const columns = metadata.map(({ name, type }) =>
    constantColumn(columnKind(type), values[name] ?? null, batch.length),
  );
  return { ...batch, columns: [...batch.columns, ...columns] };
}

function cut(steps: readonly Step[], rows: number): Step[] {
  return steps.flatMap((step) => {
    const { batch } = step;
    if (!batch || batch.length <= rows) return [step];
    return Array.from({ length: Math.ceil(batch.length / rows) }, (_, i): Step => {
      const part = slice(batch, i * rows, Math.min((i + 1) * rows, batch.length));
      const rejected = i === 0 ? step.rejected : [];
      return { ...step, batch: part, rejected, rowtime: part.rowtime[part.length - 1] ?? step.rowtime };
    });
  });
}

/** What came out: rows by stream, and those of error_stream. */
interface Result {
  readonly rows: ReadonlyMap<string, readonly JsonRow[]>;
  readonly errors: readonly JsonRow[];
}

function play(
  application: Application,
  steps: readonly Step[],
  advanceTo: string | undefined,
  restore: boolean,
): Result {
  const rows = new Map<string, JsonRow[]>();
  const errors: JsonRow[] = [];
  let done = false;
  const start = (): Graph => {
    const graph = application.graph();
    for (const { name, schema } of application.streams) {
      graph.listen(name, (batch) => {
        if (!done) rows.set(name, [...(rows.get(name) ?? []), ...toJson(schema, batch)]);
      });
    }
    graph.listen(errorStream, (batch) => errors.push(...toJson(errorStreamSchema, batch)));
    return graph;
  };
  let graph = start();
  const watermarks = new Map<string, Millis>();
  for (const { stream, batch, rejected, rowtime } of steps) {
    if (restore) {
      const saved = structuredClone({ nodes: graph.describe(), operators: graph.snapshot() });
      graph = start();
      graph.adopt(upgrade(saved, graph.describe()).operators);
      for (const [known, watermark] of watermarks) graph.advance(watermark, known);
    }
    if (batch) graph.push(stream, batch);
    graph.reject(rejected, rowtime);
    watermarks.set(stream, rowtime);
    graph.advance(rowtime, stream);
  }
  if (advanceTo !== undefined) {
    const end = Date.parse(advanceTo);
    graph.advance(end);
    // error_stream holds rows of this very instant back, to keep them in order; they are errors all the same.
    done = true;
    graph.advance(end + 1);
    // Those of a stream with another time than the input (AS ROWTIME) wait for that.
    if (graph.errorsHeld > 0) graph.advance(Number.POSITIVE_INFINITY);
  }
  return {
    rows,
    errors: errors.filter(({ DATA_ROWTIME }) => advanceTo === undefined || String(DATA_ROWTIME) <= advanceTo),
  };
}

function checkRun(test: ConformanceCase, { streams }: Application, { rows, errors }: Result): string | null {
  for (const [stream, expected] of Object.entries(test.expected ?? {})) {
    const why = compareRows(expected, rows.get(stream) ?? []);
    if (why) return `${stream}: ${why}`;
  }
  const wanted = test.expected_error_stream;
  if (wanted && errors.length !== wanted.count) {
    return `${errors.length} rows on error_stream, expected ${wanted.count}: ${JSON.stringify(errors[0] ?? null)}`;
  }
  if (wanted?.pump !== undefined) {
    const other = errors.find(({ PUMP_NAME }) => PUMP_NAME !== wanted.pump);
    if (other) return `a row on error_stream has PUMP_NAME ${other['PUMP_NAME']}`;
  }
  for (const property of test.properties ?? []) {
    const columns = streams.find(({ name }) => name === property.stream)?.schema.map(({ name }) => name) ?? [];
    const why = checkProperty(property, {
      rows: rows.get(property.stream) ?? [],
      columns,
      rowsPerSecond: rowsPerSecond(test),
    });
    if (why) return `${property.stream}: ${property.description ?? property.check}: ${why}`;
  }
  return null;
}

function rowsPerSecond({ input, input_table: table }: ConformanceCase): number[] {
  const times = table
    ? table.rows.map((_, i) => Date.parse(table.rowtime_start) + i * table.step_ms)
    : (input ?? []).filter(({ bound }) => !bound).map(({ rowtime }) => Date.parse(rowtime));
  const counts = new Map<number, number>();
  for (const time of times) {
    const second = Math.floor(time / 1_000);
    counts.set(second, (counts.get(second) ?? 0) + 1);
  }
  return [...counts.values()];
}

// TIMESTAMP and DATE are texts in a case, and milliseconds in a batch.
function fromJson(row: JsonRow, schema: Schema): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]): [string, Value] => {
      const kind = schema.find((field) => field.name === name)?.type.kind;
      const isTime = typeof value === 'string' && (kind === 'timestamp' || kind === 'date');
      return [name, isTime ? Date.parse(value) : value];
    }),
  );
}

function toJson(schema: Schema, batch: Batch): JsonRow[] {
  return Array.from({ length: batch.length }, (_, i): JsonRow => {
    const row = rowAt(schema, batch, i);
    const values = schema.map(({ name, type }): [string, JsonValue] => {
      const value = row[name] ?? null;
      if (typeof value === 'number' && type.kind === 'timestamp') return [name, new Date(value).toISOString()];
      if (typeof value === 'number' && type.kind === 'date') return [name, new Date(value).toISOString().slice(0, 10)];
      return [name, typeof value === 'string' && type.kind === 'char' ? value.trimEnd() : value];
    });
    return Object.fromEntries([['ROWTIME', new Date(batch.rowtime[i] as Millis).toISOString()], ...values]);
  });
}
