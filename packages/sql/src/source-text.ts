/** A place in a text as people count: lines and columns from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The line and column of an offset. `\n`, `\r\n` and a lone `\r` end a line. An offset past the end is at the end. */
export function placeOf(text: string, offset: number): Place {
  const at = clamp(text, offset);
  let line = 1;
  let start = 0;
  for (let i = 0; i < at; i++) {
    const end = lineBreak(text, i);
    // An offset between \r and \n is still on the line that they end.
    if (end === i || end > at) continue;
    line++;
    start = end;
    i = end - 1;
  }
  return { line, column: at - start + 1 };
}

/** The range of the line that holds an offset, without its line break. */
export function lineAt(text: string, offset: number): { readonly from: number; readonly to: number } {
  const at = clamp(text, offset);
  const { column } = placeOf(text, at);
  const from = at - column + 1;
  let to = from;
  while (to < text.length && text[to] !== '\n' && text[to] !== '\r') to++;
  return { from, to };
}

/** Where the line break at `i` ends, or `i` if there is none. */
function lineBreak(text: string, i: number): number {
  if (text[i] === '\n') return i + 1;
  if (text[i] === '\r') return text[i + 1] === '\n' ? i + 2 : i + 1;
  return i;
}

function clamp(text: string, offset: number): number {
  return Math.max(0, Math.min(offset, text.length));
}
