import { defer, Observable, type OperatorFunction, Subject, type Subscription } from 'rxjs';
import { aggregateFunction } from './aggregates/index.ts';
import { type Batch, fromRows, type Millis, type Row, toRows } from './batch.ts';
import type { Value } from './column.ts';
import { limitError } from './errors.ts';
import { errorStream, Graph, streamId } from './graph.ts';
import { stateless } from './operator.ts';
import { Tumble } from './operators/tumble.ts';
import { errorStreamSchema, RowErrors } from './row-errors.ts';
import type { Field, Schema, SqlType } from './schema.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';
import { step as stepWindow } from './window.ts';

// The edge to RxJS, and the only file that imports it. Inside, batches are pushed on one call stack.

/** A source fed by an observable of batches whose `rowtime` are arrival times. It cannot be told to wait: more than
 *  `batchesMax` waiting is an error, not a loss. After a restart it has nothing to replay. */
export function fromObservable(batches: Observable<Batch>, schema: Schema, batchesMax: number): Source<null> {
  const waiting: Batch[] = [];
  let [caughtUpTo, ended] = [Number.NEGATIVE_INFINITY, false];
  let failed: { readonly error: unknown } | null = null;
  let wake = (): void => {};
  let subscription: Subscription | null = null;
  return {
    schema,
    async open() {
      subscription = batches.subscribe({
        next(batch) {
          waiting.push(batch);
          if (waiting.length > batchesMax) {
            failed ??= { error: limitError('LIMIT_WAITING_BATCHES', `more than ${batchesMax} batches wait`) };
            subscription?.unsubscribe();
          }
          wake();
        },
        error(error: unknown) {
          failed ??= { error };
          wake();
        },
        complete() {
          ended = true;
          wake();
        },
      });
    },
    async poll(signal) {
      if (waiting.length === 0 && !ended && !failed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = () => resolve();
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.removeEventListener('abort', wake);
      }
      if (failed) throw failed.error;
      const batch = waiting.shift() ?? null;
      if (batch && batch.length > 0) caughtUpTo = batch.rowtime[batch.length - 1];
      return { batch, rejected: [], caughtUpTo, end: ended && waiting.length === 0 };
    },
    position: () => null,
    async close() {
      subscription?.unsubscribe();
    },
  };
}

/** What a stream emits. Subscribers run inside `write`: a slow one slows the job, nothing queues. */
export function observableSink(): Sink & { readonly batches: Observable<Batch> } {
  const batches = new Subject<Batch>();
  return {
    batches,
    pendingBytes: 0,
    open: async () => {},
    write: (batch) => batches.next(batch),
    advance() {},
    prepare: async () => null,
    commit: async () => {},
    close: async () => batches.complete(),
  };
}

export interface ThroughOptions<T> {
  /** The input stream of the graph. */
  readonly from: string;
  /** The stream whose rows come out. */
  readonly to: string;
  /** ROWTIME of a row, in milliseconds. A row that is older than the one before it, or has no time, goes to
   *  error_stream. */
  readonly rowtime: (row: T) => Millis;
  /** Takes the rows of error_stream. Without it the first one errors the observable. */
  readonly onErrorRow?: (row: Row) => void;
}

/** A result row: its columns, and ROWTIME in milliseconds. */
export type ResultRow = Row & { readonly ROWTIME: Millis };

/** Plain objects through a graph, result rows out. Keys are column names. Rows that arrive in one turn of the event loop
 *  make one batch. When the observable completes, all windows are closed. A graph serves one subscription. */
export function through<T extends object>(graph: Graph, options: ThroughOptions<T>): OperatorFunction<T, ResultRow> {
  const schema = graph.schema(options.from);
  const results = graph.schema(options.to);
  if (!schema || !results) throw new Error(`the graph has no stream ${schema ? options.to : options.from}`);
  return (rows) =>
    new Observable((subscriber) => {
      if (taken.has(graph)) throw new Error('a graph serves one subscription; make a new one for each');
      taken.add(graph);
      let waiting: { rowtime: Millis; row: Row }[] = [];
      let scheduled = false;
      let last = Number.NEGATIVE_INFINITY;
      graph.listen(options.to, (batch) => {
        for (const { rowtime, row } of toRows(results, batch)) subscriber.next({ ROWTIME: rowtime, ...row });
      });
      graph.listen(errorStream, (batch) => {
        for (const { row } of toRows(errorStreamSchema, batch)) {
          if (options.onErrorRow) options.onErrorRow(row);
          else subscriber.error(new Error(`${row['ERROR_NAME']}: ${row['MESSAGE']}`));
        }
      });
      const flush = (): void => {
        scheduled = false;
        if (waiting.length === 0) return;
        const batch = fromRows(schema, waiting);
        waiting = [];
        graph.push(options.from, batch);
        graph.advance(batch.rowtime[batch.length - 1]);
      };
      const reject = (row: T, rowtime: Millis): void => {
        const name = Number.isFinite(rowtime) ? 'LateRow' : 'InvalidRowtime';
        const message = `ROWTIME ${rowtime} is ${name === 'LateRow' ? `older than ${last} of the row before it` : 'no time'}`;
        flush(); // what came before it is before it in error_stream too
        graph.reject([{ time: last, name, message, record: new TextEncoder().encode(JSON.stringify(row)) }], last);
      };
      const take = (row: T): void => {
        const rowtime = options.rowtime(row);
        if (!(rowtime >= last && Number.isFinite(rowtime))) {
          reject(row, rowtime);
          return;
        }
        last = rowtime;
        waiting.push({ rowtime, row: row as Row });
        if (waiting.length >= batchRows) flush();
        else if (!scheduled) {
          scheduled = true;
          queueMicrotask(() => attempt(flush));
        }
      };
      const attempt = (work: () => void): void => {
        try {
          work();
        } catch (error) {
          subscriber.error(error);
        }
      };
      return rows.subscribe({
        next(row) {
          try {
            take(row);
          } catch (error) {
            subscriber.error(error);
          }
        },
        error(error) {
          attempt(flush);
          subscriber.error(error);
        },
        complete: () =>
          attempt(() => {
            flush();
            graph.advance(Number.POSITIVE_INFINITY);
            subscriber.complete();
          }),
      });
    });
}

const batchRows = 4096;

/** Graphs that have rows of one subscription in their windows. */
const taken = new WeakSet<Graph>();

/** An aggregate of `tumble`. */
export interface AggregateOf {
  readonly name: string;
  readonly column: string | null;
}

export const count = (): AggregateOf => ({ name: 'COUNT', column: null });
export const sum = (column: string): AggregateOf => ({ name: 'SUM', column });
export const avg = (column: string): AggregateOf => ({ name: 'AVG', column });
export const min = (column: string): AggregateOf => ({ name: 'MIN', column });
export const max = (column: string): AggregateOf => ({ name: 'MAX', column });

export interface TumbleRowsOptions<T> {
  /** Length of the windows in milliseconds; they are aligned to the epoch. */
  readonly size: Millis;
  /** The time of a row in milliseconds; must not decrease: a row that is older than the one before it, or has no time,
   *  errors the observable. */
  readonly time: (row: T) => Millis;
  /** The columns to group by: texts, or `type` says what they are. */
  readonly by: readonly string[];
  readonly aggregates: Readonly<Record<string, AggregateOf>>;
  /** SQL types of columns that are not texts (in `by`) or DOUBLEs (in `aggregates`). */
  readonly types?: Readonly<Record<string, SqlType>>;
}

/** GROUP BY without SQL: one row per group and window, when a later row closes the window or the input completes.
 *  ROWTIME is the end of the window. */
export function tumble<T extends object>(options: TumbleRowsOptions<T>): OperatorFunction<T, ResultRow> {
  const { by, aggregates, types = {} } = options;
  const inputs = Object.values(aggregates).flatMap(({ column }) => column ?? []);
  const input: Schema = [...new Set([...by, ...inputs])].map((name): Field => {
    const type: SqlType = by.includes(name) ? { kind: 'varchar', length: null } : { kind: 'double' };
    return { name, type: types[name] ?? type, nullable: true };
  });
  const indexOf = (column: string): number => input.findIndex(({ name }) => name === column);
  const calls = Object.entries(aggregates).map(([name, { name: fn, column }]) => {
    const aggregate = aggregateFunction(fn)?.bind(column === null ? [] : [input[indexOf(column)].type]);
    if (!aggregate) throw new TypeError(`${fn} does not take column ${column}`);
    return { name, input: column === null ? null : indexOf(column), aggregate };
  });
  const graph = (): Graph => {
    const errors = new RowErrors(null);
    const operator = new Tumble({ input, window: stepWindow(options.size), keys: by.map(indexOf), calls, errors });
    const pass = stateless(input, (batch, out) => out(batch));
    return new Graph(
      [
        { id: streamId('rows'), operator: pass, from: [] },
        { id: streamId('windows'), operator, from: [streamId('rows')], errors },
      ],
      'tumble',
    );
  };
  return (rows) => defer(() => rows.pipe(through<T>(graph(), { from: 'rows', to: 'windows', rowtime: options.time })));
}

/** The rows of one window. */
export interface RowsOfWindow<T> {
  readonly from: Millis;
  readonly to: Millis;
  readonly rows: readonly T[];
}

/** STEP without SQL: gathers the rows of each window of `size` milliseconds, and emits them when a later row closes the
 *  window or the input completes. Times must not decrease. Empty windows are not emitted. */
export function step<T>(size: Millis, time: (row: T) => Millis): OperatorFunction<T, RowsOfWindow<T>> {
  const window = stepWindow(size);
  return (rows) =>
    new Observable((subscriber) => {
      let open: { from: Millis; to: Millis; rows: T[] } | null = null;
      const take = (row: T): void => {
        const t = time(row);
        if (open && t >= open.to) {
          subscriber.next(open);
          open = null;
        }
        if (!open) {
          const from = window.start(t);
          open = { from, to: window.end(from), rows: [] };
        }
        open.rows.push(row);
      };
      return rows.subscribe({
        next(row) {
          try {
            take(row);
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete() {
          if (open) subscriber.next(open);
          subscriber.complete();
        },
      });
    });
}

export type { Row, Value };
