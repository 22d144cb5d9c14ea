import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  aggregateFunctions,
  analyticFunctions,
  type Expr,
  fromRows,
  isNumeric,
  printType,
  type Row,
  type Value,
  valueAt,
} from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { compile, schemaFrom } from '../src/application.ts';
import { SqlError } from '../src/errors.ts';
import { functions } from '../src/functions/index.ts';
import { recordFunctions } from '../src/functions/log-parse/index.ts';
import { tableFunctions } from '../src/table-functions/index.ts';
import { bind, evaluate, type Result } from './evaluate.ts';
import { aggregateForms, type Entry, families, parsers, tableForms } from './functions-page/entries.ts';

// docs/FUNCTIONS.md: every function of the tables. Argument types, result types, what NULL does and the results of the
// examples are found by asking the code. REWRITE=1 writes the page.
const page = join(import.meta.dirname, '../../../docs/FUNCTIONS.md');
const entries = families.flatMap((family) => family.entries);
/** Fields of records have a syntax of their own; the log parsers show it. */
const hidden = ['RECORD_FIELD'];

describe('docs/FUNCTIONS.md', () => {
  test('is what the code says', () => {
    if (process.env['REWRITE'] === '1') writeFileSync(page, printPage());
    expect(readFileSync(page, 'utf8')).toBe(printPage());
  });

  test('has every function of the tables', () => {
    expect(entries.map(({ name }) => name).sort()).toEqual(namesOf(functions).filter((name) => !hidden.includes(name)));
    expect(parsers.map(({ name }) => name).sort()).toEqual(namesOf(recordFunctions));
    expect(Object.keys(tableForms).sort()).toEqual(namesOf(tableFunctions));
    const both = new Set([...namesOf(aggregateFunctions), ...namesOf(analyticFunctions)]);
    expect(Object.keys(aggregateForms).sort()).toEqual([...both].sort());
  });

  test('an example of an error fails, and no other', () => {
    for (const { form, also = [], fails = [] } of entries) {
      for (const example of [argumentsOf(form).example, ...also])
        expect(failureOf(example), example).toContain('no error');
      for (const example of fails) expect(failureOf(example), example).toMatch(/^\w+$/);
    }
  });
});

function namesOf(table: readonly { readonly name: string }[]): string[] {
  return table.map(({ name }) => name).sort();
}

interface Argument {
  readonly name: string;
  readonly example: string;
}

/** `POSITION({x='b'} IN {s='abc'})` as it is documented, as an example, and its arguments. */
function argumentsOf(form: string): { shown: string; example: string; args: Argument[] } {
  const args = [...form.matchAll(/\{(\w+)=([^}]*)\}/g)].map(([, name = '', example = '']) => ({ name, example }));
  return {
    shown: form.replace(/\{(\w+)=[^}]*\}/g, '$1'),
    example: form.replace(/\{\w+=([^}]*)\}/g, '$1'),
    args,
  };
}

/** The example with another text for one argument. */
function exampleWith(form: string, at: number, text: string): string {
  let i = 0;
  return form.replace(/\{\w+=([^}]*)\}/g, (_, example: string) => (i++ === at ? text : example));
}

function bindOrNull(sql: string): Expr | null {
  try {
    return bind(sql);
  } catch (error) {
    if (error instanceof SqlError) return null;
    throw error;
  }
}

const probes = [
  'INTEGER',
  'DECIMAL(5,2)',
  'DOUBLE',
  'VARCHAR(9)',
  'BOOLEAN',
  'TIMESTAMP',
  'DATE',
  'TIME',
  'INTERVAL DAY',
  'INTERVAL MONTH',
];
const kinds: readonly (readonly [name: string, types: readonly string[]])[] = [
  ['any type', probes],
  ['number', ['INTEGER', 'DECIMAL(5,2)', 'DOUBLE']],
  ['INTEGER', ['INTEGER']],
  ['DOUBLE', ['DOUBLE']],
  ['text', ['VARCHAR(9)']],
  ['BOOLEAN', ['BOOLEAN']],
  ['datetime', ['TIMESTAMP', 'DATE', 'TIME']],
  ['TIMESTAMP or DATE', ['TIMESTAMP', 'DATE']],
  ['TIMESTAMP', ['TIMESTAMP']],
  ['DATE', ['DATE']],
  ['TIME', ['TIME']],
  ['INTERVAL', ['INTERVAL DAY', 'INTERVAL MONTH']],
  ['INTERVAL DAY', ['INTERVAL DAY']],
  ['INTERVAL MONTH', ['INTERVAL MONTH']],
];

/** The types that an argument may have, the others being those of the example. */
function typesOf(form: string, at: number): readonly string[] {
  return probes.filter((type) => bindOrNull(exampleWith(form, at, `CAST(NULL AS ${type})`)) !== null);
}

function nameTypes(types: readonly string[]): string {
  const names: string[] = [];
  let left = types;
  for (const [name, among] of kinds) {
    if (!among.every((type) => left.includes(type))) continue;
    names.push(name);
    left = left.filter((type) => !among.includes(type));
  }
  return names.length > 0 ? names.join(', ') : 'constant';
}

function argumentLine(form: string, args: readonly Argument[]): string {
  const single = args.map((_, at) => typesOf(form, at));
  // Arguments that must be alike: what is taken with the others of the same type says more than with those of the example.
  const alike = probes.filter((type) => {
    const sql = form.replace(/\{\w+=[^}]*\}/g, `CAST(NULL AS ${type})`);
    return bindOrNull(sql) !== null;
  });
  const isMore = args.length > 1 && single.every((types) => types.every((type) => alike.includes(type)));
  if (isMore) return `${args.map(({ name }) => name).join(', ')}: ${nameTypes(alike)}`;
  return args.map(({ name }, at) => `${name}: ${nameTypes(single[at]!)}`).join('; ');
}

/** The result type, or which argument it is that of. */
function resultType(form: string, args: readonly Argument[]): string {
  const { example } = argumentsOf(form);
  const own = printType(bind(example).type);
  const follows = args.flatMap(({ name }, at) => {
    const types = typesOf(form, at);
    const results = types.map((type) => printType(bind(exampleWith(form, at, `CAST(NULL AS ${type})`)).type));
    return types.length > 1 && results.every((result, i) => result === types[i]) ? name : [];
  });
  return follows.length > 0 ? `the type of ${follows[0]}` : own;
}

/** What the example gives when one of its arguments is NULL. */
function nullRule(form: string, args: readonly Argument[]): string {
  const given = args.flatMap(({ name, example }, at) => {
    const [type] = [printType(bind(example).type)].map((printed) => printed.replace(/^INTERVAL.*/, 'INTERVAL DAY'));
    const sql = exampleWith(form, at, `CAST(NULL AS ${type})`);
    if (!bindOrNull(sql)) return [];
    const result = evaluate(sql);
    return [{ name, result: result === null ? 'NULL' : shown(result, bind(sql)) }];
  });
  if (given.length === 0) return '';
  if (given.every(({ result }) => result === 'NULL')) return 'NULL if an argument is NULL';
  return given.map(({ name, result }) => `${result} in the example if ${name} is NULL`).join(', ');
}

function shown(result: Result, { type }: Expr): string {
  if (result === null) return 'NULL';
  if (typeof result === 'object') return `error ${result.failed}`;
  if (typeof result === 'boolean') return result ? 'TRUE' : 'FALSE';
  if (typeof result === 'string' && isNumeric(type)) return result;
  if (typeof result === 'string') return `'${result.replaceAll("'", "''")}'`;
  if (type.kind === 'timestamp' || type.kind === 'date' || type.kind === 'time') {
    const text = new Date(Number(result)).toISOString().slice(0, 23).replace('T', ' ').replace('.000', '');
    const part = type.kind === 'date' ? text.slice(0, 10) : type.kind === 'time' ? text.slice(11) : text;
    return `${type.kind.toUpperCase()} '${part}'`;
  }
  return String(result);
}

/** An interval has no literal of its own here: as text, as CAST gives it. */
function resultOf(sql: string): string {
  const expr = bind(sql);
  if (expr.type.kind !== 'interval') return shown(evaluate(sql), expr);
  return `${shown(evaluate(`CAST((${sql}) AS VARCHAR(40))`), bind("''"))} as text, ${printType(expr.type)}`;
}

/** A constant that can never be computed is refused when the program is compiled; else the row fails. */
function failureOf(sql: string): string {
  try {
    const result = evaluate(sql);
    return typeof result === 'object' && result !== null ? result.failed : `no error: ${result}`;
  } catch (error) {
    if (error instanceof SqlError) return error.code;
    throw error;
  }
}

function printEntry(entry: Entry): string {
  const { name, form, also = [], fails = [] } = entry;
  const { shown: written, example, args } = argumentsOf(form);
  const { doc } = functions.find((fn) => fn.name === name) as { doc: string };
  const nulls = nullRule(form, args);
  const facts = [args.length > 0 ? argumentLine(form, args) : '', `Gives ${resultType(form, args)}`, nulls].filter(
    (fact) => fact !== '',
  );
  return [
    `### \`${written}\``,
    '',
    doc,
    '',
    `${facts.join('. ')}.`,
    '',
    ...examples([
      ...[example, ...also].map((sql) => [sql, resultOf(sql)] as const),
      ...fails.map((sql) => [sql, failureOf(sql)] as const),
    ]),
    '',
  ].join('\n');
}

function examples(lines: readonly (readonly [sql: string, result: string])[]): string[] {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '| Example | Result |',
    '|---|---|',
    ...lines.map(([sql, result]) => `| \`${cell(sql)}\` | \`${cell(result)}\` |`),
  ];
}

const start = Date.UTC(2024, 0, 1);

/** The rows that a query gives, in the minute after its input. */
function rowsOf(query: string, columns: string, rows: readonly Row[], stepMillis: number): string[] {
  const inputs = { S: schemaFrom({ K: 'VARCHAR(4)', N: 'INTEGER' }) };
  const sql = `CREATE STREAM o (${columns}); CREATE PUMP p AS INSERT INTO o ${query};`;
  const application = compile(sql, { inputs });
  const graph = application.graph();
  const schema = application.streams.find(({ name }) => name === 'O')!.schema;
  const metadata = application.streams.find(({ name }) => name === 'S')!.metadata;
  const out: string[] = [];
  graph.listen('O', (batch) => {
    for (let i = 0; i < batch.length; i++) {
      const values = batch.columns.map((column) => valueAt(column, i));
      const cells = values.map((value, c) => shown(value, { kind: 'literal', value, type: schema[c]!.type }));
      out.push(cells.length === 1 ? cells[0]! : `(${cells.join(', ')})`);
    }
  });
  const timed = rows.map((row, i) => ({ rowtime: start + Math.floor((i * stepMillis) / 1000) * 1000, row }));
  graph.push('S', fromRows([...inputs.S, ...metadata], timed));
  graph.advance(start + 60_000);
  return out;
}

const aggregateRows = [1, 2, null, 4].map((n, i) => ({ K: 'ab'[i % 2]!, N: n }));

function aggregateType(name: string): string {
  if (name === 'ANY' || name === 'EVERY') return 'BOOLEAN';
  return /^(STDDEV|VAR)|EXP/.test(name) ? 'DOUBLE' : 'BIGINT';
}

function printAggregate(name: string): string {
  const form = aggregateForms[name] ?? name;
  const column = `v ${aggregateType(name)}`;
  const group = aggregateFunctions.find((fn) => fn.name === name);
  const over = analyticFunctions.find((fn) => fn.name === name);
  const grouped = group
    ? rowsOf(`SELECT STREAM ${form} FROM s GROUP BY FLOOR(s.ROWTIME TO MINUTE)`, column, aggregateRows, 1_000)
    : [];
  const sliding = over
    ? rowsOf(`SELECT STREAM ${form} OVER (ROWS 2 PRECEDING) FROM s`, column, aggregateRows, 1_000)
    : [];
  return [
    `### \`${form}\``,
    '',
    [group?.doc, over && (group ? `OVER a window: ${over.doc}` : over.doc)].filter((doc) => doc).join(' '),
    '',
    ...examples([
      ...(group ? [[`${form} … GROUP BY FLOOR(s.ROWTIME TO MINUTE)`, grouped.join('; ')] as const] : []),
      ...(over ? [[`${form} OVER (ROWS 2 PRECEDING)`, sliding.join('; ')] as const] : []),
    ]),
    '',
  ].join('\n');
}

const tableRows = [1, 2, 3, 4].map((n, i) => ({ K: 'ab'[i % 2]!, N: n }));

function printTable({ name, doc }: { readonly name: string; readonly doc: string }): string {
  const form = tableForms[name] ?? name;
  const columns = columnsOf(form);
  return [
    `### \`${name}\``,
    '',
    `${doc}`,
    '',
    `Columns of the example: ${columns}.`,
    '',
    ...examples([
      [
        `SELECT STREAM * FROM TABLE(${form})`,
        rowsOf(`SELECT STREAM * FROM TABLE(${form})`, columns, tableRows, 500).join('; '),
      ],
    ]),
    '',
  ].join('\n');
}

/** The columns that a table function gives, as a CREATE STREAM would name them. */
function columnsOf(form: string): string {
  const inputs = { S: schemaFrom({ K: 'VARCHAR(4)', N: 'INTEGER' }) };
  for (let width = 1; width < 5; width++) {
    const names = Array.from({ length: width }, (_, i) => `c${i} VARCHAR(4)`).join(', ');
    try {
      compile(`CREATE STREAM o (${names}); CREATE PUMP p AS INSERT INTO o SELECT STREAM * FROM TABLE(${form});`, {
        inputs,
      });
    } catch (error) {
      if (error instanceof SqlError && error.code === 'SQL_COLUMN_COUNT') continue;
      if (!(error instanceof SqlError)) throw error;
    }
    const fn = tableFunctions.find(({ name }) => form.startsWith(`${name}(`))!;
    const query = /CURSOR\(SELECT STREAM (.*?) FROM s\)/.exec(form)?.[1] ?? '';
    const input = query.split(', ').map((column) => inputs.S.find((field) => field.name === column.toUpperCase())!);
    const args = [...form.matchAll(/'([^']*)'|\b(\d+)\b(?=[,)])|\b(FALSE)\b/g)].map(
      ([, text, number]): Value => text ?? (number === undefined ? false : Number(number)),
    );
    return fn
      .bind(input, args, () => ({ from: 0, to: 0 }))
      .map(({ name, type }) => `${name} ${printType(type)}`)
      .join(', ');
  }
  throw new Error(`${form} gives too many columns`);
}

function printPage(): string {
  const aggregates = Object.keys(aggregateForms);
  return [
    '# Functions',
    '',
    'Every function and operator of the dialect. Argument types, what NULL does, and the result of each example are found by running',
    'it. A result that is a name such as `DivisionByZero` is the ERROR_NAME of the row that goes to `error_stream`; one such as',
    '`SQL_ARGUMENTS` refuses the program ([ERRORS.md](ERRORS.md)). "constant" is an argument that must be written as a literal.',
    'ROWTIME is 1970-01-01 00:00:00 in the examples. This page is made by `node scripts/docs.mjs`; a test holds it to the code.',
    '',
    ...families.flatMap(({ title, entries: of }) => [`## ${title}`, '', ...of.map(printEntry)]),
    '## Aggregates and functions OVER a window',
    '',
    'Of the rows n = 1, 2, NULL, 4. A group gives one result, a window one for each row.',
    '',
    ...aggregates.map(printAggregate),
    '## Log parsers',
    '',
    'They give a record; its fields are taken in an outer query, or at once: `SYS_LOG_PARSE(s).COLUMN1`.',
    '',
    ...parsers.map(({ name, form, fields }) => {
      const { doc } = recordFunctions.find((fn) => fn.name === name) as { doc: string };
      return [
        `### \`${name}\``,
        '',
        doc,
        '',
        ...examples(fields.map((field) => [`${form}.${field}`, resultOf(`${form}.${field}`)])),
        '',
      ].join('\n');
    }),
    '## Table functions',
    '',
    "Of the rows k = 'a', 'b', 'a', 'b' and n = 1, 2, 3, 4, two in each second.",
    '',
    ...tableFunctions.map(printTable),
  ].join('\n');
}
