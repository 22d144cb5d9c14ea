import {
  type Batch,
  columnKind,
  constantColumn,
  errorStream,
  errorStreamSchema,
  fromRows,
  type Graph,
  type Millis,
  type Row,
  type Schema,
  type SqlType,
  slice,
  upgrade,
  type Value,
  valueAt,
} from '@rowtime/core';
import { createDecoder } from '@rowtime/sources/decoder';
import type { SltLine, SltRecord } from '@rowtime/testing/slt';
import { type Application, type CompileOptions, compile, schemaFrom } from '../src/application.ts';
import type { ways } from '../src/conformance/run.ts';
import { SqlError } from '../src/errors.ts';

// The dialect of sqllogictest for streams. A file is a list of records with blank lines between them:
//
//     # why this file is here
//     input "SOURCE_SQL_STREAM_001"       an input stream, its columns below: names exact, then types
//     ticker VARCHAR(4)
//
//     input "SOURCE_SQL_STREAM_001" JSON $.rows[0:]     … whose rows are in raw records: RecordRowPath; or CSV, and a delimiter
//     ticker VARCHAR(4) $.sym             with the mapping of each column behind its type
//
//     records "SOURCE_SQL_STREAM_001"     a time, and the text of a record as JSON would quote it: \n is a line end
//     09:00:05  {"rows": [{"sym": "AMZN"}]}
//
//     table "Companies"                   a reference table: its columns, ----, its rows
//     Ticker VARCHAR(4)
//     ----
//     AMZN
//
//     statement ok                        part of the program
//     CREATE STREAM counts (ticker VARCHAR(4), n INTEGER);
//
//     statement error SQL_UNKNOWN_COLUMN  the program so far, and this, is refused with this code
//     CREATE PUMP …;
//
//     rows trades                         ROWTIME, then the columns; two blanks or more between them; behind those of an
//                                         input stream its metadata, or none of it
//     09:00:05  AMZN  10.0
//
//     advance 09:02:00                    no row before this time will come, on no stream
//     advance 09:02:00 trades             … on this one; after `rows` time is that of the last row anyway
//
//     expect counts                       what came on the stream since it was last looked at
//     ----
//     AMZN  1
//
//     expect counts ROWTIME n             of these columns only
//     …
//     reset                               the next program begins
//
// A time of day is one of 2024-01-01; others have their date. NULL is NULL; a text in quotes is that text. Streams are
// found by their exact name, or by it in upper case. Rows that nobody looked at fail the file if the stream was looked
// at before, or is error_stream.

export type Way = (typeof ways)[number];

/** What the runner found for each `expect` record. */
export type Found = ReadonlyMap<SltRecord, readonly string[]>;

/** Runs the records in one way. Throws an Error with the line for what is wrong but an expectation. */
export function runSlt(records: readonly SltRecord[], way: Way): Found {
  const found = new Map<SltRecord, readonly string[]>();
  let program = new Program(way);
  for (const record of records) {
    const { words, line, body } = record;
    const text = body.map((part) => part.text).join('\n');
    const [command, name = '', ...rest] = words;
    try {
      if (command === 'input' && rest.length > 0) program.rawInput(unquoted(name), rest, body);
      else if (command === 'input') program.input(unquoted(name), body);
      else if (command === 'records') program.records(name, body);
      else if (command === 'table') program.table(unquoted(name), body);
      else if (command === 'statement' && name === 'ok') program.statement(text);
      else if (command === 'statement' && name === 'error') program.refuse(text, rest[0] ?? '');
      else if (command === 'rows') program.rows(name, body);
      else if (command === 'advance') program.advance(timeOf(name, rest[0]), rest.at(-1));
      else if (command === 'expect') found.set(record, program.take(name, rest));
      else if (command === 'reset') {
        program.end();
        program = new Program(way);
      } else throw new Error(`unknown record ${command}`);
    } catch (error) {
      fail(line, error instanceof SqlError ? `${error.code}: ${error.message}` : String(error));
    }
  }
  try {
    program.end();
  } catch (error) {
    fail(records.at(-1)?.line ?? 1, String(error));
  }
  return found;
}

/** The cells of a line: two blanks or more between them, quoted texts as they are. */
export function cellsOf(line: string): string[] {
  return [...line.trim().matchAll(/(?:'(?:[^']|'')*'|\S+(?: \S+)*)(?=\s{2,}|$)/g)].map(([cell]) => cell);
}

/** The text of a file with what was found in place of what was expected. */
export function rewritten(text: string, found: Found): string {
  const lines = text.split('\n');
  for (const [{ line, body }, rows] of [...found].reverse()) {
    lines.splice(line + 1, body.length, ...aligned(rows));
  }
  return lines.join('\n');
}

function aligned(rows: readonly string[]): string[] {
  const cells = rows.map(cellsOf);
  const columns = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...cells.map((row) => row[c]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

class Program {
  readonly #way: Way;
  readonly #inputs: Record<string, Schema> = {};
  readonly #decoders = new Map<string, () => ReturnType<typeof createDecoder>>();
  readonly #tables: Record<string, { schema: Schema; rows: Row[] }> = {};
  #sql = '';
  #application: Application | null = null;
  #graph: Graph | null = null;
  readonly #watermarks = new Map<string, Millis>();
  /** By stream, the cells of each row that nobody looked at yet, by column. */
  readonly #out = new Map<string, Map<string, string>[]>();
  readonly #expected = new Set([errorStream]);

  constructor(way: Way) {
    this.#way = way;
  }

  input(name: string, columns: readonly SltLine[]): void {
    this.#inputs[name] = schemaOf(columns);
  }

  /** `[JSON, RecordRowPath]` or `[CSV, RecordColumnDelimiter]`. */
  rawInput(name: string, [format, option]: readonly string[], body: readonly SltLine[]): void {
    const schema = schemaOf(body);
    const columns = schema.map((field, i) => ({ ...field, mapping: mappingOf(body[i]!) }));
    const csv = option === undefined ? {} : { columnDelimiter: option };
    const inputSchema = format === 'CSV' ? { columns, csv } : { columns, rowPath: option ?? '$' };
    this.#inputs[name] = schema;
    this.#decoders.set(name, () => createDecoder(inputSchema));
  }

  records(written: string, lines: readonly SltLine[]): void {
    const { name, metadata } = this.#stream(written);
    const create = this.#decoders.get(name);
    if (!create) throw new Error(`the input ${name} has no format`);
    for (const { text } of lines) {
      const [, at = '', record = ''] = /^(\S+)\s+(.*)$/.exec(text) ?? [];
      const time = timeOf(at);
      const decoder = create();
      decoder.begin(0, 'the record');
      decoder.push(Buffer.from(record.replaceAll('\\n', '\n')));
      decoder.end();
      decoder.decode(time, Number.POSITIVE_INFINITY);
      const { batch, rejected } = decoder.take();
      const columns = metadata.map(({ type }) => constantColumn(columnKind(type), null, batch?.length ?? 0));
      const whole = batch && { ...batch, columns: [...batch.columns, ...columns] };
      for (let from = 0; whole && from < whole.length; from += this.#way.rows) {
        this.#next().push(name, slice(whole, from, Math.min(from + this.#way.rows, whole.length)));
      }
      const graph = this.#next();
      graph.reject(rejected, time);
      this.#watermarks.set(name, time);
      graph.advance(time, name);
    }
  }

  table(name: string, body: readonly SltLine[]): void {
    const divider = body.findIndex(({ text }) => text === '----');
    if (divider < 0) throw new Error('the columns of a table are followed by ----');
    const schema = schemaOf(body.slice(0, divider));
    const rows = body.slice(divider + 1).map(({ text, number }) => rowOf(schema, cellsOf(text), number));
    this.#tables[name] = { schema, rows };
  }

  statement(text: string): void {
    if (this.#graph) throw new Error('statements come before rows; begin anew with reset');
    this.#sql += `${text}\n`;
    this.#application = compile(this.#sql, this.#options());
  }

  refuse(text: string, code: string): void {
    let refused: unknown = null;
    try {
      compile(`${this.#sql}${text}\n`, this.#options());
    } catch (error) {
      refused = error;
    }
    if (!refused) throw new Error('the statement was accepted');
    if (!(refused instanceof SqlError)) throw refused;
    if (refused.code !== code) throw new Error(`found ${refused.code}: ${refused.message}`);
  }

  rows(written: string, lines: readonly SltLine[]): void {
    const { name, schema: declared, metadata } = this.#stream(written);
    const schema = [...declared, ...metadata];
    const rows = lines.map(({ text, number }) => {
      const [time = '', ...cells] = cellsOf(text);
      const given = metadata.length > 0 && cells.length === schema.length ? schema : declared;
      return { rowtime: timeOf(time), row: rowOf(given, cells, number) };
    });
    const batch = fromRows(schema, rows);
    for (let from = 0; from < batch.length; from += this.#way.rows) {
      const part = slice(batch, from, Math.min(from + this.#way.rows, batch.length));
      const graph = this.#next();
      graph.push(name, part);
      const last = part.rowtime[part.length - 1]!;
      this.#watermarks.set(name, last);
      graph.advance(last, name);
    }
  }

  advance(time: Millis, written?: string): void {
    const graph = this.#next();
    const only = written !== undefined && !/^\d\d:/.test(written) ? this.#stream(written).name : undefined;
    for (const { name } of this.#compiled().streams) {
      if (only === undefined || name === only) {
        this.#watermarks.set(name, Math.max(time, this.#watermarks.get(name) ?? time));
      }
    }
    graph.advance(time, only);
  }

  take(written: string, columns: readonly string[]): string[] {
    const { name, schema } = this.#stream(written);
    this.#next();
    this.#expected.add(name);
    const rows = this.#out.get(name) ?? [];
    this.#out.set(name, []);
    const wanted = columns.length > 0 ? columns : schema.map((field) => field.name);
    return rows.map((row) => {
      const cells = wanted.map((column) => row.get(column) ?? row.get(column.toUpperCase()));
      const missing = cells.indexOf(undefined);
      if (missing >= 0) throw new Error(`${name} has no column ${wanted[missing]}`);
      return cells.join('  ');
    });
  }

  end(): void {
    if (!this.#graph) return;
    for (const stream of this.#expected) this.#nothingLeft(stream);
    // What time still held back may come now; but errors are looked at.
    this.#graph.advance(Number.POSITIVE_INFINITY);
    this.#nothingLeft(errorStream);
  }

  #nothingLeft(stream: string): void {
    const [row] = this.#out.get(stream) ?? [];
    if (row) throw new Error(`nobody looked at this row of ${stream}: ${[...row.values()].join('  ')}`);
  }

  #compiled(): Application {
    if (!this.#application) throw new Error('there is no statement yet');
    return this.#application;
  }

  #options(): CompileOptions {
    return { inputs: this.#inputs, tables: this.#tables };
  }

  #stream(written: string): { readonly name: string; readonly schema: Schema; readonly metadata: Schema } {
    const wanted = unquoted(written);
    if (wanted === errorStream) return { name: errorStream, schema: errorStreamSchema, metadata: [] };
    const { streams } = this.#compiled();
    const found =
      streams.find(({ name }) => name === wanted) ?? streams.find(({ name }) => name === wanted.toUpperCase());
    if (!found) throw new Error(`there is no stream ${wanted}`);
    return found;
  }

  /** The graph for the next step: restored from a snapshot, if this is the way. */
  #next(): Graph {
    if (this.#graph && !this.#way.restore) return this.#graph;
    const saved = this.#graph && structuredClone({ nodes: this.#graph.describe(), operators: this.#graph.snapshot() });
    const { streams, graph: create } = this.#compiled();
    const graph = create();
    for (const { name, schema } of [...streams, { name: errorStream, schema: errorStreamSchema }]) {
      graph.listen(name, (batch) => this.#collect(name, schema, batch));
    }
    if (saved) {
      // As a job goes on: a program finds all of its own states.
      const { isSame, operators } = upgrade(saved, graph.describe());
      if (!isSame) throw new Error('a graph of the same program does not have the same nodes');
      graph.adopt(operators);
      for (const [stream, watermark] of this.#watermarks) graph.advance(watermark, stream);
    }
    this.#graph = graph;
    return graph;
  }

  #collect(stream: string, schema: Schema, batch: Batch): void {
    const rows = this.#out.get(stream) ?? [];
    this.#out.set(stream, rows);
    for (let i = 0; i < batch.length; i++) {
      const cells = new Map([['ROWTIME', printTime(batch.rowtime[i]!)]]);
      schema.forEach(({ name, type }, c) => {
        const value = valueAt(batch.columns[c]!, i);
        cells.set(name, printCell(value, type));
        if (name === 'DATA_ROW') cells.set('DATA_ROW:text', Buffer.from(String(value), 'hex').toString());
      });
      rows.push(cells);
    }
  }
}

/** A name and a type per line; behind them may be a mapping. */
export function schemaOf(columns: readonly SltLine[]): Schema {
  const entries = columns.map(({ text, number }) => {
    const match =
      /^("(?:[^"]|"")+"|\S+)\s+(.+?)(?:\s+\$\S*)?$/.exec(text) ?? fail(number, 'a column is a name and a type');
    return [unquoted(match[1]!), match[2]!] as const;
  });
  return schemaFrom(Object.fromEntries(entries));
}

function mappingOf({ text }: SltLine): string {
  return /\s(\$\S*)$/.exec(text)?.[1] ?? '';
}

function rowOf(schema: Schema, cells: readonly string[], line: number): Row {
  if (cells.length !== schema.length) fail(line, `${schema.length} columns wanted, found ${cells.length}`);
  return Object.fromEntries(schema.map(({ name, type }, c) => [name, parseCell(cells[c]!, type, line)]));
}

function parseCell(cell: string, type: SqlType, line: number): Value {
  if (cell === 'NULL') return null;
  switch (type.kind) {
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return cell.startsWith("'") ? cell.slice(1, -1).replaceAll("''", "'") : cell;
    case 'boolean':
      return cell === 'TRUE' || (cell !== 'FALSE' && fail(line, `${cell} is not a BOOLEAN`));
    case 'timestamp':
      return timeOf(cell);
    case 'date':
      return Date.parse(`${cell}T00:00:00Z`);
    case 'time':
      return Date.parse(`1970-01-01T${cell}Z`);
    default:
      // As digits: whether a double holds the number is not for the test to say.
      return Number.isNaN(Number(cell)) ? fail(line, `${cell} is not a number`) : cell;
  }
}

function printCell(value: Value, type: SqlType): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'string') {
    const plain = value !== 'NULL' && !value.startsWith("'") && cellsOf(value).length === 1 && value.trim() === value;
    return plain ? value : `'${value.replaceAll("'", "''")}'`;
  }
  if (type.kind === 'timestamp') return printTime(value);
  if (type.kind === 'date') return new Date(value).toISOString().slice(0, 10);
  if (type.kind === 'time') return new Date(value).toISOString().slice(11, 23).replace('.000', '');
  return String(value);
}

const today = '2024-01-01';

function timeOf(date: string, time?: string): Millis {
  const text = time !== undefined && /^\d\d:/.test(time) ? `${date}T${time}` : date.replace(' ', 'T');
  const t = Date.parse(`${text.includes('T') ? text : `${today}T${text}`}Z`);
  if (Number.isNaN(t)) throw new Error(`${text} is not a time`);
  return t;
}

function printTime(t: Millis): string {
  const [date, time] = new Date(t).toISOString().slice(0, 23).replace('.000', '').split('T');
  return date === today ? time! : `${date} ${time}`;
}

export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function fail(line: number, message: string): never {
  throw new Error(`line ${line}: ${message.replace(/^Error: /, '')}`);
}
