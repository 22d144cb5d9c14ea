import {
  type Column,
  compile,
  type Expr,
  type Kernel,
  remembered,
  type ScalarFunction,
  type SqlType,
  type TextColumn,
} from '@rowtime/core';
import { fastRegexLogParse, fastRegexLogParser } from './fast-regex-log-parse.ts';
import { fixedColumnLogParse } from './fixed-column-log-parse.ts';
import type { BoundRecord, RecordFunction } from './record-function.ts';
import { regexLogParse } from './regex-log-parse.ts';
import { sysLogParse } from './sys-log-parse.ts';
import { variableColumnLogParse } from './variable-column-log-parse.ts';
import { w3cLogParse } from './w3c-log-parse.ts';

export type { RecordFunction } from './record-function.ts';

/** Every function that gives a record. */
export const recordFunctions: readonly RecordFunction[] = [
  regexLogParse,
  fastRegexLogParse,
  fastRegexLogParser,
  fixedColumnLogParse,
  variableColumnLogParse,
  sysLogParse,
  w3cLogParse,
];

export function recordFunction(name: string): RecordFunction | undefined {
  return recordFunctions.find((fn) => fn.name === name);
}

/** Field `index` of what a record function gives, as an expression. `args` are those of the record function. */
export function recordField(name: string, args: readonly Expr[], index: number): Expr {
  const all: readonly Expr[] = [
    literal(name, { kind: 'varchar', length: null }),
    literal(index, { kind: 'integer' }),
    ...args,
  ];
  const bound = recordFieldFunction.bind(all);
  if (!bound) throw new Error(`broken invariant: ${name} was bound and has a field ${index}`);
  return { kind: 'call', name: recordFieldFunction.name, args: all, type: bound.type };
}

/** RECORD_FIELD('REGEX_LOG_PARSE', 0, s, 'regex'). Programs cannot write it: it is what t.r.COLUMN1 is bound to. */
export const recordFieldFunction: ScalarFunction = {
  name: 'RECORD_FIELD',
  doc: 'A field of the record that a log parser gives.',
  bind: ([name, index, ...args]) => {
    if (name?.kind !== 'literal' || index?.kind !== 'literal') return null;
    const record = recordFunction(String(name.value))?.bind(args);
    const at = Number(index.value);
    const field = record?.fields[at];
    if (!record || !field) return null;
    const text: Expr = { kind: 'column', index: 0, type: { kind: 'varchar', length: null } };
    const value = asType(text, field.type, record.formats?.[at] ?? null);
    return {
      type: field.type,
      kernel: ([, , s], failures) => {
        const textsOf = parsedTexts(JSON.stringify([name.value, args.slice(1)]), record);
        const convert = value.kind === 'column' ? null : compile(value, failures);
        return (batch) => {
          const texts = fieldTexts((s as Kernel)(batch), textsOf, at);
          return convert ? convert({ length: batch.length, rowtime: batch.rowtime, columns: [texts] }) : texts;
        };
      },
    };
  },
};

/** The text of a field as its type: a cast, or the reverse of its format. */
function asType(text: Expr, type: SqlType, format: string | null): Expr {
  if (format === null) return { kind: 'cast', arg: text, type };
  const name = type.kind === 'date' ? 'CHAR_TO_DATE' : type.kind === 'time' ? 'CHAR_TO_TIME' : 'CHAR_TO_TIMESTAMP';
  return { kind: 'call', name, args: [literal(format, { kind: 'varchar', length: null }), text], type };
}

type Parsed = readonly (readonly (string | null)[] | null)[];
type ParsedTexts = (dict: readonly string[]) => Parsed;

/** The records of a dictionary, each text parsed once, however many fields are read: the fields of one record share the
 *  function, by its name and constants, and a batch its dictionary. */
function parsedTexts(key: string, record: BoundRecord): ParsedTexts {
  const known = byKey(key);
  return (dict) => {
    const parsed = known.get(dict) ?? dict.map((text) => record.parse(text));
    known.set(dict, parsed);
    return parsed;
  };
}

const byKey = remembered((_key: string) => new WeakMap<readonly string[], Parsed>());

function fieldTexts(column: Column, parsedOf: ParsedTexts, field: number): TextColumn {
  const length = column.valid?.length ?? 0;
  // A bare NULL is a column of numbers.
  if (column.kind !== 'text') return { kind: 'text', codes: new Int32Array(length), dict: [''], valid: column.valid };
  const parsed = parsedOf(column.dict);
  const dict: string[] = [];
  const known = new Map<string, number>();
  const moved = Int32Array.from(parsed, (record) => {
    const text = record?.[field] ?? null;
    if (text === null) return -1;
    const code = known.get(text) ?? dict.push(text) - 1;
    known.set(text, code);
    return code;
  });
  if (dict.length === 0) dict.push('');
  const codes = new Int32Array(column.codes.length);
  let valid = column.valid;
  if (moved.includes(-1)) valid = valid ? valid.slice() : new Uint8Array(codes.length).fill(1);
  for (let i = 0; i < codes.length; i++) {
    const code = moved[column.codes[i] as number] as number;
    if (code >= 0) codes[i] = code;
    else if (valid && valid[i] === 1) valid[i] = 0;
  }
  return { kind: 'text', codes, dict, valid };
}

function literal(value: string | number, type: SqlType): Expr {
  return { kind: 'literal', value, type };
}
