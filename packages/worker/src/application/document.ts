import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';

/** Where a value is inside a document: names and indices. */
export type Path = readonly (string | number)[];

/** One mistake in a configuration file: what was found, where, and what to do. */
export interface Problem {
  /** From 1; 0 where there is no one line. */
  readonly line: number;
  readonly path: Path;
  readonly message: string;
}

/** Says the place as people write it: `Inputs[0].InputSchema`. */
export function printPath(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

/** A JSON file that knows on which line a value is. */
export class Document {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly #text: string;
  readonly #root: Node | undefined;

  constructor(text: string) {
    const errors: ParseError[] = [];
    this.#text = text.replace(/^\uFEFF/, '');
    this.#root = parseTree(this.#text, errors, { disallowComments: true });
    this.value = this.#root && getNodeValue(this.#root);
    // The first is the mistake; those behind it follow from it.
    this.problems = errors.slice(0, 1).map(({ error, offset }) => ({
      line: this.#lineOf(offset),
      path: [],
      message: `this is not JSON: ${words(printParseErrorCode(error))}`,
    }));
    if (this.#root === undefined && this.problems.length === 0) {
      this.problems = [{ line: 1, path: [], message: 'the file is empty' }];
    }
  }

  /** The line of the value, or of what should hold it. */
  line(path: Path): number {
    for (let length = path.length; this.#root; length--) {
      const node = findNodeAtLocation(this.#root, path.slice(0, length));
      if (node) return this.#lineOf(node.parent?.type === 'property' ? node.parent.offset : node.offset);
      if (length === 0) break;
    }
    return 1;
  }

  #lineOf(offset: number): number {
    let line = 1;
    for (let i = 0; i < offset; i++) if (this.#text.charCodeAt(i) === 10) line++;
    return line;
  }
}

// "CommaExpected" → "comma expected".
function words(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
