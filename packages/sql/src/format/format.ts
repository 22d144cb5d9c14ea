import { assert } from '@rowtime/core';
import type { Statement } from '../ast.ts';
import { type Token, tokenize } from '../lexer.ts';
import { parse } from '../parser.ts';
import { walk } from '../visit.ts';
import { type Gap, gapsOf } from './gaps.ts';
import { type Group, groupsOf } from './groups.ts';

/** The program, laid out: clauses on lines of their own, keywords in upper case, at most about 100 characters a line. The
 *  tokens stay as they are written, and each comment stays where it belongs. Throws a SqlError if the text is no program. */
export function format(text: string): string {
  const statements = parse(text);
  const tokens = tokenize(text);
  const out = new Layout(text, tokens, statements).print();
  const texts = (of: string): string => JSON.stringify(tokenize(of).map((token) => [token.kind, token.text]));
  assert(texts(out) === texts(text), 'formatting changes no token');
  return out;
}

const widthMax = 100;

interface OpenGroup extends Group {
  readonly broken: boolean;
  /** The indentation of the line on which it begins. */
  readonly indent: number;
}

class Layout {
  readonly #tokens: readonly Token[];
  readonly #gaps: readonly Gap[];
  readonly #texts: readonly string[];
  readonly #spaced: readonly boolean[];
  /** Tokens that begin a statement. */
  readonly #starts: ReadonlySet<number>;
  readonly #groups: readonly Group[];
  /** By token, how many characters and how many comments that end a line come before it when nothing is broken. */
  readonly #widthBefore: Float64Array;
  readonly #forcedBefore: Float64Array;
  /** Tokens where a group that is broken begins a line. */
  readonly #lines = new Set<number>();
  #out = '';
  /** Where the last line of `#out` begins, and how far it is indented. */
  #lineFrom = 0;
  #indent = 0;

  constructor(text: string, tokens: readonly Token[], statements: readonly Statement[]) {
    const indexes = new Map(tokens.map(({ from, kind }, i) => [kind === 'end' ? -1 : from, i]));
    const indexAt = (offset: number): number => indexes.get(offset) ?? firstFrom(tokens, offset);
    this.#tokens = tokens;
    this.#gaps = gapsOf(text, tokens);
    const words = wordsOf(statements, indexAt);
    this.#texts = tokens.map(({ kind, from, to }, i) => {
      const source = text.slice(from, to);
      return kind === 'word' && !words.names.has(i) ? source.toUpperCase() : source;
    });
    this.#spaced = tokens.map((_, i) => i > 0 && isSpaced(tokens, i, words));
    this.#starts = new Set(statements.map(({ span }) => indexAt(span.from)));
    this.#groups = statements.flatMap((statement) => groupsOf(statement, tokens, indexAt));
    this.#widthBefore = new Float64Array(tokens.length + 1);
    this.#forcedBefore = new Float64Array(tokens.length + 1);
    for (let i = 0; i < tokens.length; i++) {
      const { leading } = this.#gap(i);
      const comments = leading.reduce((sum, comment) => sum + comment.length + 1, 0);
      const blank = this.#spaced[i] || comments > 0 ? 1 : 0;
      this.#widthBefore[i + 1] = this.#widthBefore[i]! + blank + comments + this.#text(i).length;
      const isForced = this.#isForced(i) || leading.some((comment) => comment.includes('\n'));
      this.#forcedBefore[i + 1] = this.#forcedBefore[i]! + (isForced ? 1 : 0);
    }
  }

  print(): string {
    const open: OpenGroup[] = [];
    let next = 0;
    const end = this.#tokens.length - 1;
    for (let i = 0; i <= end; i++) {
      while (open.length > 0 && open.at(-1)!.to <= i) open.pop();
      this.#printGap(i, open);
      if (i === end) break;
      for (; this.#groups[next]?.from === i; next++) {
        const group = this.#groups[next] as Group;
        const broken = group.always || ((open.at(-1)?.broken ?? true) && !this.#fits(group));
        if (broken) for (const at of group.breaks.keys()) this.#lines.add(at);
        open.push({ ...group, broken, indent: this.#indent });
      }
      this.#out += this.#text(i);
    }
    return this.#out === '' ? '' : `${this.#out.trimEnd()}\n`;
  }

  #printGap(i: number, open: readonly OpenGroup[]): void {
    const { trailing, own, leading, blankBefore } = this.#gap(i);
    const isStart = this.#starts.has(i) || this.#tokens[i]?.kind === 'end';
    for (const comment of trailing) this.#out += ` ${comment}`;
    const group = open.findLast(({ broken, breaks }) => broken && breaks.has(i));
    const isLine = i > 0 && (isStart || group !== undefined || this.#isForced(i));
    const inner = open.at(-1);
    const indent = group ? group.indent + (group.breaks.get(i) ?? 0) : isStart || !inner ? 0 : inner.indent + 1;
    const commentIndent = this.#tokens[i]?.text === ')' ? indent + 1 : indent;
    own.forEach((comment, at) => {
      if (i > 0 || at > 0) this.#line(commentIndent, isStart && comment.blankBefore);
      this.#out += comment.text;
    });
    if (isLine || own.length > 0) this.#line(indent, isStart && blankBefore);
    else if (i > 0 && (this.#spaced[i] || leading.length > 0)) this.#out += ' ';
    for (const comment of leading) this.#out += `${comment} `;
  }

  #line(indent: number, blank: boolean): void {
    this.#out += blank ? '\n\n' : '\n';
    this.#lineFrom = this.#out.length;
    this.#indent = indent;
    this.#out += '  '.repeat(indent);
  }

  /** Whether a group, and what comes behind it up to the next place for a line, is not too wide for this line. */
  #fits({ from, to }: Group): boolean {
    if (this.#forcedBefore[to]! > this.#forcedBefore[from + 1]!) return false;
    const start = this.#out.length - this.#lineFrom - this.#widthBefore[from + 1]! + this.#text(from).length;
    for (let i = to; ; i++) {
      if (start + this.#widthBefore[i]! > widthMax) return false;
      const isEnd = i >= this.#tokens.length - 1 || this.#lines.has(i) || this.#starts.has(i) || this.#isForced(i);
      if (isEnd) return true;
    }
  }

  #text(i: number): string {
    return this.#texts[i] ?? '';
  }

  #gap(i: number): Gap {
    return this.#gaps[i] as Gap;
  }

  /** Whether a comment before this token ends a line. */
  #isForced(i: number): boolean {
    const { trailing, own } = this.#gap(i);
    return trailing.length > 0 || own.length > 0;
  }
}

function firstFrom(tokens: readonly Token[], offset: number): number {
  let [low, high] = [0, tokens.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle] as Token).from >= offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Words {
  /** Tokens that are names as the author writes them; other words are keywords and functions. */
  readonly names: ReadonlySet<number>;
  /** Tokens that an opening parenthesis follows without a blank. */
  readonly called: ReadonlySet<number>;
  /** Signs of one operand. */
  readonly signs: ReadonlySet<number>;
}

function wordsOf(statements: readonly Statement[], indexAt: (offset: number) => number): Words {
  const names = new Set<number>();
  const called = new Set<number>();
  const signs = new Set<number>();
  for (const statement of statements) {
    walk(statement, (node) => {
      switch (node.kind) {
        case 'identifier':
          names.add(indexAt(node.span.from));
          return false;
        case 'createFunction':
          called.add(indexAt(node.name.parts.at(-1)?.span.from ?? node.span.from));
          break;
        case 'call':
          called.add(indexAt(node.name.span.from));
          break;
        case 'unary':
          if (node.op !== 'NOT') signs.add(indexAt(node.span.from));
          break;
        case 'interval':
          if (node.negative) signs.add(indexAt(node.textSpan.from) - 1);
          break;
      }
      return true;
    });
    // Functions are written like keywords.
    walk(statement, (node) => {
      if (node.kind === 'call' && !node.name.quoted) names.delete(indexAt(node.name.span.from));
      return true;
    });
  }
  return { names, called, signs };
}

/** Words of the grammar that an opening parenthesis follows without a blank: VARCHAR(4), SECOND(3), CAST(…). */
const calledWords: ReadonlySet<string> = new Set(
  'CAST TRIM CURSOR TABLE ROW PERIOD DECIMAL DEC NUMERIC FLOAT CHAR CHARACTER VARCHAR VARYING BINARY VARBINARY TIME TIMESTAMP YEAR MONTH DAY HOUR MINUTE SECOND'.split(
    ' ',
  ),
);

function isSpaced(tokens: readonly Token[], i: number, { names, called, signs }: Words): boolean {
  const [before, token] = [tokens[i - 1] as Token, tokens[i] as Token];
  if (token.kind === 'end') return false;
  if (before.kind === 'symbol' && (before.text === '(' || before.text === '.')) return false;
  // Two signs would be a comment.
  if (signs.has(i - 1)) return token.text.startsWith(before.text);
  if (token.kind !== 'symbol') return true;
  switch (token.text) {
    case ',':
    case ';':
    case ')':
      return false;
    case '.':
      // 4 . r is a field of 4, and 4.r would be no number.
      return before.kind === 'number';
    case '(':
      return !called.has(i - 1) && !(before.kind === 'word' && !names.has(i - 1) && calledWords.has(before.text));
    default:
      return true;
  }
}
