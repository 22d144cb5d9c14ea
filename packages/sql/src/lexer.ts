import type { Span } from './ast.ts';
import type { SqlErrorCode } from './errors.ts';

type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'unicodeString'
  | 'binaryString'
  | 'number'
  | 'symbol'
  | 'invalid'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Word: upper-cased. Quoted name, string: without the quotes, doubled ones undone. Else as in the source. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** What is wrong with an `invalid` token. The parser throws it when it gets there, so that errors come in order. */
  readonly problem: Problem | null;
}

/** A `SqlError` to be: most are never thrown, and making one takes a stack trace. */
export interface Problem {
  readonly code: SqlErrorCode;
  readonly message: string;
  readonly span: Span;
  readonly hint: string | null;
}

const nameLengthMax = 128;

/** Splits a text into tokens; the last one is the `end`. Never throws, and reads each character once. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (true) {
    at = skipBlanks(text, at);
    if (at >= text.length) break;
    const token = next(text, at);
    tokens.push(token);
    at = token.to;
  }
  // The end is where the last token ends, so that an error points there and not below the trailing blanks.
  const end = tokens.at(-1)?.to ?? 0;
  tokens.push({ kind: 'end', text: '', from: end, to: end, problem: null });
  return tokens;
}

/** Blanks and comments. Stops at a block comment that is never closed. */
function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const pair = text.slice(at, at + 2);
    if (isBlank(text.charCodeAt(at))) at++;
    else if (pair === '--' || pair === '//') at = lineEnd(text, at);
    else if (pair === '/*') {
      const close = text.indexOf('*/', at + 2);
      if (close < 0) return at;
      at = close + 2;
    } else return at;
  }
  return at;
}

function next(text: string, from: number): Token {
  const code = text.charCodeAt(from);
  const following = text[from + 1] ?? '';
  switch (text[from]) {
    case "'":
      return stringToken(text, from, from, 'string');
    case '"':
      return quotedName(text, from);
    case 'u':
    case 'U':
      if (following === '&' && text[from + 2] === "'") return stringToken(text, from, from + 2, 'unicodeString');
      return word(text, from);
    case 'x':
    case 'X':
      if (following === "'") return binaryString(text, from);
      return word(text, from);
  }
  if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(from + 1)))) return number(text, from);
  if (isLetter(text, from)) return word(text, from);
  return symbol(text, from);
}

function word(text: string, from: number): Token {
  let to = from;
  while (to < text.length && isNamePart(text, to)) to += charLength(text, to);
  const token = make('word', text.slice(from, to).toUpperCase(), from, to);
  return checkLength(token, token.text);
}

function quotedName(text: string, from: number): Token {
  let name = '';
  let at = from + 1;
  while (true) {
    const close = closingQuote(text, at, '"');
    // A name holds no control characters, so a quote left open is found at the end of its line.
    if (close < 0) {
      const to = lineEnd(text, from);
      return invalid(
        'SQL_UNTERMINATED_NAME',
        'the name opened here is not closed on its line',
        { from, to },
        {
          hint: 'close it with ", and write "" for a quote inside a name',
        },
      );
    }
    name += text.slice(at, close);
    at = close + 1;
    if (text[at] !== '"') break;
    name += '"';
    at++;
  }
  if (name === '') {
    return invalid('SQL_SYNTAX', 'the name in quotes is empty', { from, to: at }, { hint: "the empty string is ''" });
  }
  return checkLength(make('quoted', name, from, at), name);
}

/** The next quote on this line, or -1. */
function closingQuote(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === quote) return i;
    if (text[i] === '\n' || text[i] === '\r') return -1;
  }
  return -1;
}

function stringToken(text: string, from: number, open: number, kind: 'string' | 'unicodeString'): Token {
  let value = '';
  let at = open + 1;
  while (true) {
    const close = text.indexOf("'", at);
    if (close < 0) {
      return invalid(
        'SQL_UNTERMINATED_STRING',
        'the string opened here is never closed',
        { from, to: lineEnd(text, from) },
        {
          to: text.length,
          hint: "close it with '. If it looks closed, an earlier string lacks a quote: inside a string, write '' for '",
        },
      );
    }
    value += text.slice(at, close);
    at = close + 1;
    if (text[at] !== "'") return make(kind, value, from, at);
    value += "'";
    at++;
  }
}

function binaryString(text: string, from: number): Token {
  const token = stringToken(text, from, from + 1, 'string');
  if (token.kind === 'invalid') return token;
  const hex = token.text.toUpperCase();
  if (hex.length % 2 === 0 && /^[0-9A-F]*$/.test(hex)) return make('binaryString', hex, from, token.to);
  return invalid('SQL_INVALID_LITERAL', `expected pairs of hexadecimal digits in a binary string`, token, {
    hint: "for example X'0AFF'",
  });
}

function number(text: string, from: number): Token {
  let to = digitsEnd(text, from);
  if (text[to] === '.') to = digitsEnd(text, to + 1);
  if (text[to] === 'e' || text[to] === 'E') {
    const sign = text[to + 1] === '+' || text[to + 1] === '-' ? 1 : 0;
    const end = digitsEnd(text, to + 1 + sign);
    if (end > to + 1 + sign) to = end;
  }
  if (to >= text.length || !isNamePart(text, to)) return make('number', text.slice(from, to), from, to);

  while (to < text.length && isNamePart(text, to)) to += charLength(text, to);
  const found = excerpt(text.slice(from, to));
  return invalid(
    'SQL_INVALID_LITERAL',
    `${found} is neither a number nor a name`,
    { from, to },
    {
      hint: `a name that starts with a digit needs quotes: "${found}"`,
    },
  );
}

const pairs = new Set(['<=', '>=', '<>', '!=', '||']);
const singles = new Set(['(', ')', ',', ';', '.', '*', '/', '+', '-', '=', '<', '>']);

/** What people type instead of the right thing, longest first, and what to tell them. Looked at before the singles. */
const mistakes: readonly (readonly [found: string, hint: string])[] = [
  ['/*', 'close the comment with */'],
  ['–-', 'a comment starts with two hyphens: --'],
  ['-–', 'a comment starts with two hyphens: --'],
  ['––', 'a comment starts with two hyphens: --'],
  ['– -', 'a comment starts with two hyphens: --'],
  ['–', 'this is an en dash, perhaps from a printed page: a minus is -, and a comment starts with --'],
  ['—', 'this is an em dash, perhaps from a printed page: a minus is -, and a comment starts with --'],
  ['−', 'this is a typographic minus: write -'],
  ['‘', "a string is put in straight quotes: '…'"],
  ['’', "a string is put in straight quotes: '…'"],
  ['“', 'a name is put in straight quotes: "…", and a string in \'…\''],
  ['”', 'a name is put in straight quotes: "…", and a string in \'…\''],
  ['`', 'a name is quoted with double quotes: "…"'],
  ['==', 'equality is a single ='],
  ['&&', 'write AND'],
  ['!', 'write NOT, or <> for unequal'],
  ['%', 'write MOD(a, b)'],
  ['::', 'write CAST(value AS type)'],
  ['|', 'strings are joined with ||'],
  ['^', 'write POWER(a, b)'],
  ['#', 'a comment starts with --'],
  ['?', 'there are no parameters: write the value'],
  ['[', 'a name is quoted with double quotes: "…"; there are no arrays'],
];

function symbol(text: string, from: number): Token {
  const pair = text.slice(from, from + 2);
  if (pairs.has(pair)) return make('symbol', pair === '!=' ? '<>' : pair, from, from + 2);
  const mistake = mistakes.find(([found]) => text.startsWith(found, from));
  if (mistake === undefined && singles.has(text[from]!)) return make('symbol', text[from]!, from, from + 1);
  const found = mistake?.[0] ?? text.slice(from, from + charLength(text, from));
  if (found === '/*') {
    return invalid(
      'SQL_UNTERMINATED_COMMENT',
      'the comment opened here is never closed',
      { from, to: from + 2 },
      {
        to: text.length,
        hint: 'close it with */',
      },
    );
  }
  // The rest of what looks like a comment is no SQL: leaving it in would only add errors.
  const isComment = found.length > 1 && found.includes('–');
  return invalid(
    'SQL_INVALID_CHARACTER',
    `found ${name(found)}, which has no meaning here`,
    { from, to: from + found.length },
    {
      ...(isComment && { to: lineEnd(text, from) }),
      hint: mistake?.[1] ?? null,
    },
  );
}

/** The character itself, or its number when it cannot be seen. */
function name(found: string): string {
  const code = found.codePointAt(0)!;
  const visible = code > 32 && !(code >= 127 && code < 161) && !/^[\p{C}\p{Z}]/u.test(found);
  return visible ? found : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

function checkLength(token: Token, text: string): Token {
  if (text.length <= nameLengthMax) return token;
  return invalid('SQL_NAME_TOO_LONG', `a name has ${text.length} characters; the most is ${nameLengthMax}`, token);
}

function make(kind: TokenKind, text: string, from: number, to: number): Token {
  return { kind, text, from, to, problem: null };
}

/** `more.to`: where to go on, if not at the end of the span. */
function invalid(
  code: SqlErrorCode,
  message: string,
  span: Span,
  more: { readonly to?: number; readonly hint?: string | null } = {},
): Token {
  const problem = { code, message, span: { from: span.from, to: span.to }, hint: more.hint ?? null };
  return { kind: 'invalid', text: '', from: span.from, to: more.to ?? span.to, problem };
}

/** A source text short enough for a message. */
export function excerpt(source: string): string {
  const line = source.split(/[\r\n]/, 1)[0]!;
  const short = line.length > 40 ? line.slice(0, 39) : line;
  return short.length < source.length ? `${short}…` : short;
}

function lineEnd(text: string, from: number): number {
  let to = from;
  while (to < text.length && text[to] !== '\n' && text[to] !== '\r') to++;
  return to;
}

function digitsEnd(text: string, from: number): number {
  let to = from;
  while (isDigit(text.charCodeAt(to))) to++;
  return to;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Blanks of pasted text count: no-break space, byte order mark, and the like. */
function isBlank(code: number): boolean {
  return (
    code === 32 ||
    (code >= 9 && code <= 13) ||
    code === 0xa0 ||
    code === 0xfeff ||
    (code >= 0x2000 && code <= 0x200b) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x3000
  );
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
  return /^\p{L}/u.test(text.slice(at, at + 2));
}

function isNamePart(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  // The service itself makes names with a dollar sign: EXPR$0.
  return isLetter(text, at) || isDigit(code) || code === 36 || (code >= 128 && /^\p{M}/u.test(text.slice(at, at + 2)));
}

function charLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
