import { ArgumentError, byValue, type Expr, Fail, isText, remembered, type ScalarFunction } from '@rowtime/core';
import type { RE2JS } from 're2js';
import { compileRe2 } from './java-pattern.ts';
import { likeToRe2, PatternError, similarToRe2 } from './similar-pattern.ts';

/** LIKE and SIMILAR TO: the whole text, upper and lower case apart. In linear time, whatever the pattern. */
export const matchFunctions: readonly ScalarFunction[] = [
  match('LIKE', '_ is any character, % any text', likeTest),
  match('SIMILAR TO', 'as LIKE, with ( ) [ ] [^ ] | * + ? {n} {n,m} as in regular expressions', similarTest),
];

type Test = (text: string) => boolean;

function match(name: string, doc: string, testOf: (pattern: string, escapeChar: string) => Test): ScalarFunction {
  return {
    name,
    doc: `s ${name} pattern ESCAPE e: ${doc}; e makes the next character stand for itself.`,
    bind: (args) => {
      if (args.length < 2 || args.length > 3 || !args.every(isTextual)) return null;
      const compiled = compiler(args, (pattern, escapeChar = '') => testOf(pattern, escapeChar));
      return byValue({ kind: 'boolean' }, args, (values) => {
        const test = compiled(values as readonly string[]);
        return test instanceof Fail ? test : test(values[0] as string);
      });
    },
  };
}

// A pattern with few ordinary characters and no _ needs no automaton: its parts follow each other in the text.
const searchedMax = 256;

function likeTest(pattern: string, escapeChar: string): Test {
  const plain = escapeChar === '' || !pattern.includes(escapeChar);
  if (!plain || pattern.includes('_') || pattern.length > searchedMax)
    return wholeText(compileRe2(likeToRe2(pattern, escapeChar)));
  const parts = pattern.split('%');
  const [first = ''] = parts;
  if (parts.length === 1) return (text) => text === first;
  const last = parts[parts.length - 1] ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}

function similarTest(pattern: string, escapeChar: string): Test {
  return wholeText(compileRe2(similarToRe2(pattern, escapeChar)));
}

function wholeText(compiled: RE2JS): Test {
  return (text) => compiled.testExact(text);
}

const badPattern = (why: string): Fail => new Fail('InvalidPattern', `a pattern that is none: ${why}`);

/** What the arguments after the first compile to, each distinct pattern once. Constants that are no pattern are an error of
 *  the program; others fail their row. */
export function compiler<T>(
  args: readonly Expr[],
  compile: (pattern: string, escapeChar?: string) => T,
): (values: readonly string[]) => T | Fail {
  const attempt = (pattern: string, escapeChar?: string): T | Fail => {
    if (escapeChar !== undefined && escapeChar.length !== 1) return badPattern('ESCAPE takes one character');
    try {
      return compile(pattern, escapeChar);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return badPattern(error.message);
    }
  };
  const [, pattern, escapeChar] = args;
  if (isConstant(pattern) && (escapeChar === undefined || isConstant(escapeChar))) {
    const compiled = attempt(pattern.value, escapeChar?.value);
    if (compiled instanceof Fail) throw new ArgumentError(`'${pattern.value}' is ${compiled.message}`, 1);
    return () => compiled;
  }
  const known = remembered((key: string) => {
    const [written = '', by] = JSON.parse(key) as string[];
    return attempt(written, by);
  });
  return (values) => known(JSON.stringify(values.slice(1, escapeChar ? 3 : 2)));
}

function isConstant(expr: Expr | undefined): expr is Expr & { kind: 'literal'; value: string } {
  return expr?.kind === 'literal' && typeof expr.value === 'string';
}

export function isTextual({ type }: Expr): boolean {
  return isText(type) || type.kind === 'null';
}
