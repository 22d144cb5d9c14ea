import { PatternError } from '../similar-pattern.ts';

/** What is inside of one group, or between two, as RE2 writes it. */
export interface Part {
  readonly isGroup: boolean;
  readonly items: readonly Item[];
}

/** One after the other they make the part. x+ is two: x, and x*. */
export interface Item extends Node {
  /** Every match of it has the same length. */
  readonly isFixed: boolean;
}

/** Parses a pattern of FAST_REGEX_LOG_PARSE (AWS SQL reference, "FAST_REGEX_LOG_PARSER": its table of symbols). */
export function parseFastRegex(pattern: string): Part[] {
  return new FastRegex(pattern).parts();
}

/** An expression with the lengths its matches can have. */
interface Node {
  readonly text: string;
  readonly min: number;
  readonly max: number;
}

class FastRegex {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** Groups are those that are not inside another; a | between them makes the whole pattern one part. */
  parts(): Part[] {
    const parts: Part[] = [];
    const between = (): Item[] => {
      const last = parts.at(-1);
      if (last && !last.isGroup) return last.items as Item[];
      const items: Item[] = [];
      parts.push({ isGroup: false, items });
      return items;
    };
    while (this.#at < this.#pattern.length) {
      if (this.#peek() === '|') throw new PatternError('| stands in a group: (a|b)');
      if (this.#peek() === '(' && this.#pattern[this.#at + 1] !== ')') {
        this.#at++;
        const items = this.#group();
        this.#expect(')');
        const repeated = '?*+{'.includes(this.#peek() || ' ');
        if (repeated) throw new PatternError('a group is a column, and cannot be repeated');
        parts.push({ isGroup: true, items });
      } else between().push(...this.#repetition());
    }
    if (parts.length === 0) parts.push({ isGroup: false, items: [] });
    return parts;
  }

  /** The inside of a group: a sequence, or alternatives, which are one item. */
  #group(): Item[] {
    const items = this.#sequence();
    if (this.#peek() !== '|') return items;
    const branches = [items];
    while (this.#peek() === '|') {
      this.#at++;
      branches.push(this.#sequence());
    }
    return [item(union(branches.map(sequenceOf)))];
  }

  #sequence(): Item[] {
    const items: Item[] = [];
    while (this.#at < this.#pattern.length && this.#peek() !== ')' && this.#peek() !== '|')
      items.push(...this.#repetition());
    return items;
  }

  #repetition(): Item[] {
    let nodes = [this.#atom()];
    for (;;) {
      const count = /^(?:[?*+]|\{(\d+)(,(\d*))?\})/.exec(this.#pattern.slice(this.#at));
      if (!count) return nodes.map(item);
      this.#at += count[0].length;
      const [symbol] = count[0];
      const min = symbol === '{' ? Number(count[1]) : symbol === '+' ? 1 : 0;
      const max =
        symbol === '?' ? 1 : symbol !== '{' || count[3] === '' ? Number.POSITIVE_INFINITY : Number(count[3] ?? min);
      nodes = repeated(sequenceOf(nodes), min, max);
    }
  }

  #atom(): Node {
    const rest = this.#pattern.slice(this.#at);
    const c = rest[0] as string;
    if (rest.startsWith('()')) return this.#take(2, { text: '', min: 0, max: 0 });
    if (c === '(') {
      this.#at++;
      const node = sequenceOf(this.#group());
      this.#expect(')');
      return { ...node, text: `(?:${node.text})` };
    }
    if (c === '.') return this.#take(1, one('(?s:.)'));
    if (c === '@') return this.#take(1, { text: '(?s:.*)', min: 0, max: Number.POSITIVE_INFINITY });
    if (c === '#') return this.#take(1, one('[^\\x{0}-\\x{10FFFF}]'));
    if (c === '"') {
      const end = rest.indexOf('"', 1);
      if (end < 0) throw new PatternError('a string is not closed');
      return this.#take(end + 1, { text: `(?:${quoteText(rest.slice(1, end))})`, min: end - 1, max: end - 1 });
    }
    if (c === '<') return this.#named(rest);
    if (c === '[') return this.#class(rest);
    if (c === '\\') {
      if (rest.length < 2) throw new PatternError('the pattern ends with a backslash');
      return this.#take(2, one(quoteText(rest[1] as string)));
    }
    if (c === '&' || c === '~') throw new PatternError(`${c} is not supported`);
    if ('?*+{})]'.includes(c)) throw new PatternError(`nothing stands before ${c}`);
    return this.#take(1, one(quoteText(c)));
  }

  #named(rest: string): Node {
    const match = /^<(?:(\d+)-(\d+)|([A-Za-z]+))>/.exec(rest);
    if (!match) throw new PatternError('< begins a name such as <Alpha>, or an interval such as <1-12>');
    const [text, low, high, name] = match;
    if (name !== undefined) {
      const members = classes[name.toLowerCase()];
      if (members === undefined) throw new PatternError(`there is no pattern ${text}`);
      return this.#take(text.length, one(`[${members}]`));
    }
    return this.#take(text.length, interval(low as string, high as string));
  }

  #class(rest: string): Node {
    const match = /^\[(\^?)((?:\\.|[^\]\\])+)\]/s.exec(rest);
    if (!match) throw new PatternError('a list of characters is empty or not closed');
    const members = (match[2] ?? '').replace(/\\?(.)/gs, (whole, c: string) =>
      whole === '-' ? '-' : /[\\\]^[&~-]/.test(c) ? `\\${c}` : c,
    );
    return this.#take(match[0].length, one(`[${match[1]}${members}]`));
  }

  #take(length: number, node: Node): Node {
    this.#at += length;
    return node;
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? '';
  }

  #expect(c: string): void {
    if (this.#peek() !== c) throw new PatternError(`${c} is missing`);
    this.#at++;
  }
}

const classes: Readonly<Record<string, string>> = {
  digit: '0-9',
  upper: 'A-Z',
  lower: 'a-z',
  ascii: '\\x00-\\x7F',
  alpha: 'A-Za-z',
  alnum: '0-9A-Za-z',
  punct: '!-/:-@\\[-`{-~',
  blank: ' \\t',
  space: ' \\t\\n\\f\\r\\x0B',
  cntrl: '\\x00-\\x1F\\x7F',
  xdigit: '0-9A-Fa-f',
  print: '!-~',
  graph: '!-~',
};

// <n-m>: numbers of as many digits as both have; if they differ, any leading zeros.
const intervalMax = 1000;

function interval(low: string, high: string): Node {
  const [from, to] = [Math.min(Number(low), Number(high)), Math.max(Number(low), Number(high))];
  if (to - from >= intervalMax)
    throw new PatternError(`an interval of more than ${intervalMax} numbers is not supported`);
  const width = low.length === high.length ? low.length : 0;
  const numbers = Array.from({ length: to - from + 1 }, (_, i) => String(to - i).padStart(width, '0'));
  if (width > 0) return { text: `(?:${numbers.join('|')})`, min: width, max: width };
  return { text: `0*(?:${numbers.join('|')})`, min: String(from).length, max: Number.POSITIVE_INFINITY };
}

function repeated(node: Node, min: number, max: number): Node[] {
  if (min > 1000 || (max !== Number.POSITIVE_INFINITY && max > 1000))
    throw new PatternError('more than 1000 repetitions');
  const text = `(?:${node.text})`;
  const out: Node[] = [];
  if (min > 0) {
    out.push({ text: min === 1 ? text : `${text}{${min}}`, min: node.min * min, max: node.max * min });
  }
  if (max === Number.POSITIVE_INFINITY) out.push({ text: `${text}*`, min: 0, max });
  else if (max > min) out.push({ text: `${text}{0,${max - min}}`, min: 0, max: node.max * (max - min) });
  return out.length > 0 ? out : [{ text: '', min: 0, max: 0 }];
}

function union(branches: readonly Node[]): Node {
  return {
    text: `(?:${branches.map(({ text }) => text).join('|')})`,
    min: Math.min(...branches.map(({ min }) => min)),
    max: Math.max(...branches.map(({ max }) => max)),
  };
}

function sequenceOf(nodes: readonly Node[]): Node {
  return nodes.reduce(
    (all, { text, min, max }) => ({ text: all.text + text, min: all.min + min, max: all.max + max }),
    {
      text: '',
      min: 0,
      max: 0,
    },
  );
}

function item(node: Node): Item {
  return { ...node, isFixed: node.min === node.max };
}

function one(text: string): Node {
  return { text, min: 1, max: 1 };
}

function quoteText(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$-]/g, '\\$&');
}
