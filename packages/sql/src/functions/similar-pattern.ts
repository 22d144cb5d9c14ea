/** The pattern is not one of LIKE or SIMILAR TO; the message says why. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** The RE2 pattern that matches the texts of a LIKE pattern, whole. */
export function likeToRe2(pattern: string, escapeChar: string): string {
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === escapeChar) out += quote(escaped(pattern, ++i));
    else out += c === '_' ? anyCharacter : c === '%' ? anyText : quote(c);
  }
  return out;
}

const anyCharacter = '(?s:.)';
const anyText = '(?s:.*)';

/** The RE2 pattern of a SIMILAR TO pattern (AWS SQL reference, "String Operators"). `_` and `%` are as in LIKE; groups,
 *  classes, `|` and repetitions are those of RE2; all else stands for itself. */
export function similarToRe2(pattern: string, escapeChar: string): string {
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c === escapeChar) out += quote(escaped(pattern, ++i));
    else if (c === '_') out += anyCharacter;
    else if (c === '%') out += anyText;
    else if (c === '[') {
      const { text, next } = characterClass(pattern, i + 1, escapeChar);
      out += text;
      i = next - 1;
    } else if (c === '(' && pattern[i + 1] === '?') throw new PatternError('nothing stands before ?');
    else if ('()|*+?{}'.includes(c)) out += c === '(' ? '(?:' : c;
    else if (c === ']') throw new PatternError('] closes nothing');
    else out += quote(c);
  }
  return out;
}

/** The three parts of the pattern of SUBSTRING(s SIMILAR p ESCAPE e), which are set apart by the escape and a quote. */
export function substringParts(pattern: string, escapeChar: string): readonly [string, string, string] {
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] !== escapeChar) continue;
    if (pattern[i + 1] === '"') {
      parts.push(pattern.slice(from, i));
      from = i + 2;
    }
    i++;
  }
  parts.push(pattern.slice(from));
  const [before, part, after] = parts;
  if (before === undefined || part === undefined || after === undefined || parts.length > 3) {
    throw new PatternError(`the part to return is marked by ${escapeChar}" on both sides`);
  }
  return [before, part, after];
}

// Undocumented: the escape before a character that means nothing special makes it stand for itself, as in the reference's
// own '13aq\!' (SEMANTICS.md, "patterns").
function escaped(pattern: string, at: number): string {
  const c = pattern[at];
  if (c === undefined) throw new PatternError('the pattern ends with its escape character');
  return c;
}

/** [a-e], [^a-e] and [a-e^c]: those of the first list that are not in the second. */
function characterClass(pattern: string, from: number, escapeChar: string): { text: string; next: number } {
  const named = /^\[:(\w+):\]/;
  const lists: string[] = [''];
  let negated = false;
  for (let i = from; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const list = lists.length - 1;
    const posix = c === '[' ? named.exec(pattern.slice(i)) : null;
    if (c === escapeChar) lists[list] += quote(escaped(pattern, ++i));
    else if (posix) {
      lists[list] += `[:${(posix[1] ?? '').toLowerCase().replace('whitespace', 'space')}:]`;
      i += posix[0].length - 1;
    } else if (c === '^' && i === from) negated = true;
    else if (c === '^' && list === 0) lists.push('');
    else if (c === ']') {
      const [members = '', without] = lists;
      if (members === '' || without === '') throw new PatternError('a list of characters is empty');
      if (without !== undefined && negated) throw new PatternError('a list of characters is negated twice');
      return {
        text: without === undefined ? `[${negated ? '^' : ''}${members}]` : minus(members, without),
        next: i + 1,
      };
    } else if ('[(){}|*+?_%^'.includes(c)) throw new PatternError(`${c} needs an escape in a list of characters`);
    else lists[list] += c === '-' ? '-' : quote(c);
  }
  throw new PatternError('a list of characters is not closed');
}

// RE2 has no difference of classes: the characters of the one are written out without those of the other.
function minus(members: string, without: string): string {
  const excluded = ranges(without);
  let left = ranges(members);
  for (const [low, high] of excluded) {
    left = left.flatMap(([a, b]): [number, number][] => [
      ...(a < low ? [[a, Math.min(b, low - 1)] as [number, number]] : []),
      ...(b > high ? [[Math.max(a, high + 1), b] as [number, number]] : []),
    ]);
  }
  // Nothing is left: a class that no character is in.
  if (left.length === 0) return '[^\\x{0}-\\x{10FFFF}]';
  return `[${left.map(([a, b]) => `\\x{${a.toString(16)}}-\\x{${b.toString(16)}}`).join('')}]`;
}

function ranges(list: string): [number, number][] {
  if (list.includes('[:')) throw new PatternError('a named class cannot be taken from another, or another from it');
  const out: [number, number][] = [];
  const member = /\\?(.)(?:-\\?(.))?/gsu;
  for (const match of list.matchAll(member)) {
    const [low, high] = [code(match[1]), code(match[2] ?? match[1])];
    if (low > high) throw new PatternError(`the range ${match[1]}-${match[2]} is empty`);
    out.push([low, high]);
  }
  return out;
}

function code(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}

function quote(character: string): string {
  return /[\\.+*?()|[\]{}^$&-]/.test(character) ? `\\${character}` : character;
}
