import { ArgumentError } from '@rowtime/core';
import type { RE2JS } from 're2js';
import { compileRe2 } from '../java-pattern.ts';
import { isTextual } from '../patterns.ts';
import { PatternError } from '../similar-pattern.ts';
import { type Item, type Part, parseFastRegex } from './fast-regex.ts';
import { constantText, defaultFields, type RecordFunction } from './record-function.ts';

/** AWS SQL reference, "FAST_REGEX_LOG_PARSER". The title of the page has an R at the end, its text has not. */
export const fastRegexLogParse: RecordFunction = fastRegex('FAST_REGEX_LOG_PARSE');
export const fastRegexLogParser: RecordFunction = fastRegex('FAST_REGEX_LOG_PARSER');

function fastRegex(name: string): RecordFunction {
  return {
    name,
    doc: `${name}(s, 'pattern'): a field for each group of a pattern that is matched piece by piece, each as short as can be.`,
    bind: (args) => {
      const [s] = args;
      if (args.length !== 2 || !s || !isTextual(s)) return null;
      const written = constantText(args, 1, `the pattern of ${name}`);
      const { steps, groups } = stepsOf(written);
      return {
        fields: defaultFields(groups),
        parse: (text) => parse(text, steps, groups),
      };
    },
  };
}

/** A piece of the pattern, found from where the one before it ended. Its empty groups mark where fields begin and end. */
interface Step {
  readonly pattern: RE2JS;
  /** For each empty group: twice the number of the field, and 1 more where it ends. */
  readonly marks: readonly number[];
}

function parse(text: string, steps: readonly Step[], groups: number): (string | null)[] | null {
  const marks = new Int32Array(groups * 2);
  let from = 0;
  for (const step of steps) {
    const matcher = step.pattern.matcher(text.slice(from));
    if (!matcher.lookingAt()) return null;
    for (const [i, mark] of step.marks.entries()) marks[mark] = from + matcher.start(i + 1);
    from += matcher.end();
  }
  return Array.from({ length: groups }, (_, g) => text.slice(marks[2 * g], marks[2 * g + 1]));
}

// '(.*)_+(<Alpha>.*)' becomes '.*_', '_*<Alpha>', '.*$': what has a fixed length at the beginning of a group, or of what is
// between two groups, ends the piece before it. Each piece is then found by itself, without going back.
function stepsOf(written: string): { steps: readonly Step[]; groups: number } {
  try {
    const parts = parseFastRegex(written);
    const pieces: Piece[] = [];
    let groups = 0;
    for (const part of parts) addPart(pieces, part, part.isGroup ? groups++ : null);
    const steps = pieces.map((piece, i) => compilePiece(piece, i === pieces.length - 1));
    return { steps, groups };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new ArgumentError(`'${written}' is no fast regular expression: ${error.message}`, 1);
  }
}

interface Piece {
  text: string;
  readonly marks: number[];
  /** It ends with something of a fixed length, so the shortest match is meant; else the longest. */
  isDelimited: boolean;
}

function addPart(pieces: Piece[], { items }: Part, group: number | null): void {
  const leading = items.findIndex(({ isFixed }) => !isFixed);
  const fixedCount = leading < 0 ? items.length : leading;
  // Nothing is before the first part that its beginning could end.
  const own = pieces.length > 0 ? fixedCount : 0;
  let piece = pieces.at(-1) ?? newPiece(pieces);
  mark(piece, group, 0);
  append(piece, items.slice(0, own));
  if (own < items.length) {
    if (pieces.length > 1 || piece.text.replaceAll('()', '') !== '') piece = newPiece(pieces);
    append(piece, items.slice(own));
  }
  mark(piece, group, 1);
}

function newPiece(pieces: Piece[]): Piece {
  const piece = { text: '', marks: [], isDelimited: false };
  pieces.push(piece);
  return piece;
}

function append(piece: Piece, items: readonly Item[]): void {
  for (const { text, isFixed } of items) {
    piece.text += text;
    piece.isDelimited = isFixed;
  }
}

function mark(piece: Piece, group: number | null, end: 0 | 1): void {
  if (group === null) return;
  piece.text += '()';
  piece.marks.push(2 * group + end);
}

function compilePiece({ text, marks, isDelimited }: Piece, isLast: boolean): Step {
  const flags = isLast || isDelimited ? '(?sU:' : '(?s:';
  return { pattern: compileRe2(`${flags}${text})${isLast ? '\\z' : ''}`), marks };
}
