import type { Span } from './ast.ts';
import { lineAt, placeOf } from './source-text.ts';

/** Every code of a `SqlError` and what it means, for the reference page. */
export const sqlErrorCodes = {
  SQL_SYNTAX: 'The text does not follow the grammar.',
  SQL_INVALID_CHARACTER: 'A character that has no place in SQL outside of strings and quoted names.',
  SQL_INVALID_LITERAL: 'A number, string, or interval literal is malformed.',
  SQL_UNTERMINATED_STRING: 'A string is opened and never closed.',
  SQL_UNTERMINATED_NAME: 'A quoted name is opened and not closed on its line.',
  SQL_UNTERMINATED_COMMENT: 'A block comment is opened and never closed.',
  SQL_RESERVED_WORD: 'A reserved word is used as a name without quotes.',
  SQL_NAME_TOO_LONG: 'A name has more than 128 characters.',
  SQL_TOO_COMPLEX: 'Expressions or queries are nested too deeply, or the program has more than 100 KB.',
  SQL_NOT_SUPPORTED: 'Valid SQL elsewhere, but not part of the dialect.',
  SQL_UNKNOWN_TYPE: 'There is no type of this name.',
  SQL_UNKNOWN_STREAM: 'There is no stream or table of this name.',
  SQL_UNKNOWN_COLUMN: 'There is no column of this name.',
  SQL_UNKNOWN_WINDOW: 'There is no window of this name in the WINDOW clause.',
  SQL_AMBIGUOUS_COLUMN: 'More than one input has a column of this name.',
  SQL_UNKNOWN_FUNCTION: 'There is no function of this name.',
  SQL_ARGUMENTS: 'A function or operator does not take these arguments.',
  SQL_TYPE: 'A value of this type cannot be used here.',
  SQL_DUPLICATE_NAME: 'There is something else of this name already.',
  SQL_COLUMN_COUNT: 'A query gives more or fewer columns than its target takes.',
  SQL_NOT_GROUPED: 'A column is used outside of an aggregate and is not a GROUP BY key.',
  SQL_AGGREGATE: 'An aggregate is used where none can be.',
  SQL_NOT_MONOTONIC: 'GROUP BY or ORDER BY on a stream lacks the expression of time that says when rows are complete.',
  SQL_CYCLE: 'A pump reads, directly or through others, the stream it writes.',
  SQL_NOT_SUPPORTED_YET: 'Part of the dialect, and not part of this version of rowtime.',
} as const satisfies Readonly<Record<`SQL_${string}`, string>>;

export type SqlErrorCode = keyof typeof sqlErrorCodes;

/** What is wrong in the SQL, for its author. The message says what was found and expected; the hint, what to do. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly code: SqlErrorCode;
  readonly span: Span;
  readonly hint: string | null;

  constructor(code: SqlErrorCode, message: string, span: Span, hint: string | null = null) {
    super(message);
    this.code = code;
    this.span = { from: span.from, to: span.to };
    this.hint = hint;
  }
}

const tabWidth = 4;
const lineWidthMax = 100;

/**
 * The error as people read it:
 *
 *     SQL_UNKNOWN_COLUMN: "SOURCE_SQL_STREAM_001" has no column PRCE
 *       3 |   SELECT STREAM ticker, AVG(prce)
 *         |                             ^^^^
 *     hint: did you mean PRICE? Unquoted names are upper-cased.
 *
 * `text` must be the text the error came from. Of a span over several lines the first is shown.
 */
export function frame(text: string, error: SqlError): string {
  const { line } = placeOf(text, error.span.from);
  const { from, to } = lineAt(text, error.span.from);
  const source = text.slice(from, to);
  const before = shown(source.slice(0, error.span.from - from), 0);
  const marked = shown(
    source.slice(error.span.from - from, Math.max(error.span.to, error.span.from) - from),
    before.length,
  );
  const after = shown(source.slice(Math.max(error.span.to, error.span.from) - from), before.length + marked.length);
  const width = Math.max(1, marked.length);

  const { line: visible, caret } = cut(before + marked + after, before.length, width);
  const number = String(line);
  const lines = [
    `${error.code}: ${error.message}`,
    `  ${number} | ${visible}`.trimEnd(),
    `  ${' '.repeat(number.length)} | ${' '.repeat(caret.from)}${'^'.repeat(caret.to - caret.from)}`,
  ];
  if (error.hint !== null) lines.push(`hint: ${error.hint}`);
  return lines.join('\n');
}

/** Tabs as blanks up to the next stop; control characters, which could move the cursor, as replacement characters. */
function shown(source: string, column: number): string {
  let out = '';
  for (const char of source) {
    if (char === '\t') out += ' '.repeat(tabWidth - ((column + out.length) % tabWidth));
    else out += isControl(char) ? '\uFFFD' : char;
  }
  return out;
}

function isControl(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  // The last two ranges are the marks that change the direction of writing.
  return (
    code < 32 || (code >= 127 && code < 160) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
  );
}

/** The part of a long line around the caret, with … where something is left out. */
function cut(line: string, at: number, width: number): { line: string; caret: Span } {
  if (line.length <= lineWidthMax) return { line, caret: { from: at, to: at + width } };
  const inner = lineWidthMax - 2;
  // As much of the span as fits, and a third of the room for what leads up to it.
  const from = Math.max(0, Math.min(at - Math.floor(inner / 3), line.length - inner));
  const to = Math.min(line.length, from + inner);
  const lead = from > 0 ? '…' : '';
  const caretFrom = at - from + lead.length;
  return {
    line: `${lead}${line.slice(from, to)}${to < line.length ? '…' : ''}`,
    caret: { from: caretFrom, to: Math.max(caretFrom + 1, Math.min(caretFrom + width, to - from + lead.length)) },
  };
}
