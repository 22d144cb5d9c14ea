import { RE2JS } from 're2js';
import { PatternError } from './similar-pattern.ts';

/** A pattern of java.util.regex, matched in linear time: what needs backtracking (references to groups, looking around,
 *  possessive repetition, intersections of classes) is refused. Throws a PatternError. */
export function compileJava(pattern: string): RE2JS {
  try {
    return RE2JS.compile(javaToRe2(pattern));
  } catch (error) {
    throw reason(error);
  }
}

/** What LIKE and others like it become. An error says why, and not where: that would be a piece of a text that nobody wrote. */
export function compileRe2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const { message } = reason(error);
    throw new PatternError(message.replace(/: '.*'$/s, ''));
  }
}

function reason(error: unknown): Error {
  if (!(error instanceof Error) || error instanceof PatternError) return error as Error;
  return new PatternError(error.message.replace(/^error parsing regexp: /, '').replaceAll('`', "'"));
}

// Spellings that RE2 lacks. The rest is the same in both, or an error in RE2.
function javaToRe2(pattern: string): string {
  let out = '';
  let inClass = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === '\\') {
      const rest = pattern.slice(i);
      if (rest.startsWith('\\Q')) {
        const end = pattern.indexOf('\\E', i + 2);
        const literal = pattern.slice(i + 2, end < 0 ? pattern.length : end);
        out += [...literal].map(quoted).join('');
        i = end < 0 ? pattern.length : end + 1;
        continue;
      }
      const sequence = /^\\(?:u([0-9a-fA-F]{4})|p\{(\w+)\}|P\{(\w+)\}|.)/s.exec(rest);
      if (!sequence) throw new PatternError('the pattern ends with a backslash');
      out += translated(sequence, inClass > 0);
      i += sequence[0].length - 1;
      continue;
    }
    if (inClass > 0 && c === '&' && pattern[i + 1] === '&') throw unsupported('an intersection of character classes');
    if (c === '[') {
      // A class in a class is a union in Java.
      if (inClass > 0 && pattern[i + 1] !== ':') throw unsupported('a character class inside another');
      if (inClass === 0) {
        inClass++;
        out += c;
        if (pattern[i + 1] === '^') out += pattern[++i];
        continue;
      }
    } else if (c === ']' && inClass > 0 && !out.endsWith('[') && !out.endsWith('[^')) inClass--;
    else if (inClass === 0 && c === '+' && isRepetition(pattern, i)) throw unsupported('possessive repetition');
    out += c;
  }
  return out;
}

/** Whether the + at `at` follows a repetition, and makes it possessive. */
function isRepetition(pattern: string, at: number): boolean {
  let backslashes = 0;
  while (pattern[at - 2 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 0 && /[*+?}]/.test(pattern[at - 1] ?? '') && !/\(\?$/.test(pattern.slice(0, at));
}

const posix: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7F',
  Alpha: 'A-Za-z',
  Digit: '0-9',
  Alnum: '0-9A-Za-z',
  Punct: '!-/:-@\\[-`{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1F\\x7F',
  XDigit: '0-9A-Fa-f',
  Space: ' \\t\\n\\x0B\\f\\r',
};

function translated(sequence: RegExpExecArray, inClass: boolean): string {
  const [text, unicode, property, notProperty] = sequence;
  if (unicode !== undefined) return `\\x{${unicode}}`;
  const name = property ?? notProperty;
  if (name !== undefined) {
    const members = posix[name];
    if (members === undefined) return text.replace(/\{(?:Is|In)(\w+)\}/, '{$1}');
    if (property === undefined) {
      if (inClass) throw unsupported(`${text} inside a character class`);
      return `[^${members}]`;
    }
    return inClass ? members : `[${members}]`;
  }
  const c = text[1] as string;
  if (/[1-9]/.test(c) || c === 'k') throw unsupported('a reference to a group');
  if (c === 'Z' || c === 'G' || c === 'X' || c === 'R') throw unsupported(text);
  if (c === 'e') return '\\x1B';
  if (c === 'h') return inClass ? ' \\t' : '[ \\t]';
  // Any other character may be escaped in Java; in RE2 only punctuation.
  return /[A-Za-z0-9]/.test(c) ? text : quoted(c);
}

function quoted(character: string): string {
  return /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character;
}

function unsupported(what: string): PatternError {
  return new PatternError(`${what} would take more than linear time and is not supported`);
}
