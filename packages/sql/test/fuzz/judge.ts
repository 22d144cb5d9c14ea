import { type Field, fromRows, LimitError, type Value } from '@rowtime/core';
import { check, compile } from '../../src/application.ts';
import { frame, SqlError } from '../../src/errors.ts';
import { format } from '../../src/format/format.ts';
import { parse, parseAll } from '../../src/parser.ts';
import { print } from '../../src/print.ts';
import type { Program } from './corpus.ts';
import type { Random } from './random.ts';

export interface Verdict {
  readonly outcome: 'not parsed' | 'refused' | 'compiled' | 'ran';
}

/** Everything that must hold for a text, however broken. Throws what does not. */
export function judge(program: Program, random: Random): Verdict {
  const { sql, inputs, tables } = program;
  const parsed = parseAll(sql);
  for (const error of parsed.errors) expectSound(sql, error);
  for (const statement of parsed.statements) {
    const printed = print(statement);
    const again = parse(printed);
    expect(again.length === 1 && sameTree(again[0], statement), () => `parse(print(x)) is not x: ${printed}`);
  }
  if (parsed.errors.length === 0 && random.chance(0.2)) {
    const formatted = format(sql);
    expect(format(formatted) === formatted, () => `formatting it again changes ${JSON.stringify(formatted)}`);
  }

  const checked = check(sql, { inputs, tables });
  for (const error of checked.errors) expectSound(sql, error);
  const application = attempt(() => compile(sql, { inputs, tables }));
  // check misses nothing that compile finds, and finds nothing else.
  expect(
    application instanceof SqlError === checked.errors.length > 0,
    () => `check and compile differ: ${checked.errors}; ${application}`,
  );
  if (parsed.errors.length > 0) return { outcome: 'not parsed' };
  if (application instanceof SqlError) {
    const { code, span } = application;
    expect(
      checked.errors.some((error) => error.code === code && error.span.from === span.from),
      () => `check does not have ${application}`,
    );
    return { outcome: 'refused' };
  }
  if (!random.chance(0.5)) return { outcome: 'compiled' };

  const graph = application.graph();
  for (const { name } of application.streams) {
    graph.listen(name, ({ length }) => expect(length > 0, () => `an empty batch on ${name}`));
  }
  try {
    for (let step = 0; step < 3; step++) {
      for (const [name, schema] of Object.entries(inputs)) {
        const rows = Array.from({ length: 1 + random.below(6) }, (_, i) => ({
          rowtime: start + step * 60_000 + i * random.below(9000),
          row: Object.fromEntries(schema.map((field) => [field.name, randomValue(field, random)])),
        }));
        rows.sort((a, b) => a.rowtime - b.rowtime);
        const metadata = application.streams.find((stream) => stream.name === name)?.metadata ?? [];
        graph.push(name, fromRows([...schema, ...metadata], rows));
      }
      graph.advance(start + (step + 1) * 60_000);
    }
    graph.advance(Number.POSITIVE_INFINITY);
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
  }
  return { outcome: 'ran' };
}

const start = Date.UTC(2024, 0, 1);

function expectSound(sql: string, error: SqlError): void {
  const { from, to } = error.span;
  expect(from >= 0 && from <= to && to <= sql.length, () => `the span of ${error} is ${from}–${to} of ${sql.length}`);
  expect(frame(sql, error).includes('^'), () => `the frame of ${error}`);
  expect(
    !/undefined|NaN|\[object/.test(error.message + error.hint) || /undefined|NaN|\[object/.test(sql),
    () => `the text of ${error}: ${error.hint}`,
  );
}

function attempt<T>(work: () => T): T | SqlError {
  try {
    return work();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
}

/** Equal but for the places in the text. */
function sameTree(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a).filter((key) => !key.toLowerCase().endsWith('span'));
  return (
    Object.keys(b).filter((key) => !key.toLowerCase().endsWith('span')).length === keys.length &&
    keys.every((key) => sameTree((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

const texts = [
  '',
  'a',
  'AMZN',
  'MSFT',
  '12',
  '2024-01-01',
  ' x ',
  'a,b',
  '漢',
  '127.0.0.1 - - [x] "GET / HTTP/1.1" 200 5',
];
const numbers = [0, 1, -1, 2, 7, 100];

function randomValue({ type }: Field, random: Random): Value {
  if (random.chance(0.1)) return null;
  switch (type.kind) {
    case 'boolean':
      return random.chance(0.5);
    case 'char':
    case 'varchar': {
      const text = random.of(texts).slice(0, type.length ?? undefined);
      return type.kind === 'char' ? text.padEnd(type.length ?? 1) : text;
    }
    case 'binary':
    case 'varbinary':
      return '00';
    case 'timestamp':
      return start + random.below(200_000);
    case 'date':
      return start;
    case 'time':
      return random.below(86_400_000);
    case 'double':
    case 'real':
    case 'decimal':
      return random.chance(0.3) ? random.below(1000) / 4 : random.of(numbers);
    default:
      return random.of(numbers);
  }
}

function expect(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(what());
}
