import type { Token } from '../lexer.ts';

/** What stands between two tokens, blanks apart. Each comment belongs to one of three places, and formatting keeps it there. */
export interface Gap {
  /** Comments at the end of the line of the token before. */
  readonly trailing: readonly string[];
  /** Comments on lines of their own. */
  readonly own: readonly OwnLine[];
  /** Comments right before the next token, on its line. */
  readonly leading: readonly string[];
  /** Whether a blank line stands right above the next token. */
  readonly blankBefore: boolean;
}

export interface OwnLine {
  readonly text: string;
  readonly blankBefore: boolean;
}

/** The gap before each token, that of the end included. */
export function gapsOf(text: string, tokens: readonly Token[]): Gap[] {
  return tokens.map(({ from, kind }, i) => {
    const isEnd = kind === 'end';
    const start = tokens[i - 1]?.to ?? 0;
    return gapOf(text.slice(start, isEnd ? text.length : from), i === 0, isEnd);
  });
}

function gapOf(text: string, isFirst: boolean, isLast: boolean): Gap {
  const lines = linesOf(text);
  const filled = lines.flatMap((comments, line) => (comments.length > 0 ? line : []));
  const last = lines.length - 1;
  // What stands on the only line of a gap leads the next token, unless there is none.
  const trailing = !isFirst && (last > 0 || isLast) ? (lines[0] ?? []) : [];
  const leading = isLast ? [] : (lines[last] ?? []);
  const own = filled
    .filter((line) => !(line === 0 && !isFirst && (last > 0 || isLast)) && !(line === last && !isLast))
    .map((line) => ({
      text: (lines[line] ?? []).join(' '),
      blankBefore: line > 0 && lines[line - 1]?.length === 0 && (line > 1 || isFirst),
    }));
  return { trailing, own, leading, blankBefore: last > 1 && lines[last - 1]?.length === 0 };
}

/** The comments of a gap, by line. A block comment over several lines is on the one where it begins. */
function linesOf(text: string): string[][] {
  const lines: string[][] = [[]];
  for (let at = 0; at < text.length; ) {
    const pair = text.slice(at, at + 2);
    let to = at + 1;
    if (pair === '--' || pair === '//') {
      while (to < text.length && text[to] !== '\n' && text[to] !== '\r') to++;
      lines.at(-1)?.push(text.slice(at, to).trimEnd());
    } else if (pair === '/*') {
      to = text.indexOf('*/', at + 2) + 2;
      lines.at(-1)?.push(text.slice(at, to));
    } else if (pair === '\r\n') {
      to++;
      lines.push([]);
    } else if (text[at] === '\n' || text[at] === '\r') lines.push([]);
    at = to;
  }
  return lines;
}
