import { SourceError } from '../errors.ts';
import type { InputColumn } from './json.ts';

/** What the scanner looks for inside one JSON value. The slots below a node are the range [from, to). */
export interface PathNode {
  readonly key: string;
  /** The key as UTF-8, as it stands in a record that does not escape it. */
  readonly keyBytes: Uint8Array;
  readonly children: readonly PathNode[];
  /** What to look for in each element, if the value is an array that is flattened. */
  readonly element: PathNode | null;
  /** The flattened array is this value or lies inside it. */
  readonly holdsElements: boolean;
  /** The slot that takes this value itself; -1: none. */
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

/** The columns' paths as one tree. A slot is one distinct path; several columns may share it. */
export interface PathTree {
  readonly root: PathNode;
  readonly slots: number;
  readonly slotOfColumn: readonly number[];
  /** Slots inside a flattened array: [elementFrom, elementTo). Empty: a record is one row. */
  readonly elementFrom: number;
  readonly elementTo: number;
}

/** One step of a path: a member's name, or null for each element of an array. */
type Step = string | null;

/** The tree of `rowPath` followed by each column's mapping. Throws where the service would have refused the schema. */
export function pathTree(columns: readonly InputColumn[], rowPath: string): PathTree {
  const rowSteps = parsePath(rowPath, 'the row path');
  const root = new Draft('');
  const drafts = columns.map(({ name, mapping }) => {
    const own = parsePath(mapping, `the mapping of column "${name}"`);
    // `$.arr[0:]` is the array itself, as text; only `$.arr[0:].x` makes a row of each element.
    if (own.at(-1) === null) own.pop();
    const steps = [...rowSteps, ...own];
    if (steps.filter((step) => step === null).length > 1) {
      throw new SourceError(
        `the mapping ${mapping} of column "${name}" flattens an array inside another: one level only`,
      );
    }
    let node = root;
    for (const step of steps) node = step === null ? node.elementDraft() : node.child(step);
    node.wanted = true;
    return node;
  });
  const numbering = { next: 0, elementFrom: 0, elementTo: 0, arrays: 0 };
  const finished = root.finish(numbering);
  if (numbering.arrays > 1)
    throw new SourceError('the columns flatten more than one array: a schema may flatten only one');
  return {
    root: finished,
    slots: numbering.next,
    slotOfColumn: drafts.map((draft) => draft.slot),
    elementFrom: numbering.elementFrom,
    elementTo: numbering.elementTo,
  };
}

interface Numbering {
  next: number;
  elementFrom: number;
  elementTo: number;
  arrays: number;
}

class Draft {
  readonly key: string;
  readonly children = new Map<string, Draft>();
  element: Draft | null = null;
  wanted = false;
  slot = -1;

  constructor(key: string) {
    this.key = key;
  }

  child(key: string): Draft {
    let child = this.children.get(key);
    if (!child) {
      child = new Draft(key);
      this.children.set(key, child);
    }
    return child;
  }

  elementDraft(): Draft {
    this.element ??= new Draft('');
    return this.element;
  }

  finish(numbering: Numbering): PathNode {
    const from = numbering.next;
    if (this.wanted) this.slot = numbering.next++;
    const children = [...this.children.values()].map((child) => child.finish(numbering));
    let element: PathNode | null = null;
    if (this.element) {
      element = this.element.finish(numbering);
      numbering.arrays++;
      numbering.elementFrom = element.from;
      numbering.elementTo = element.to;
    }
    const keyBytes = new TextEncoder().encode(this.key);
    const holdsElements = element !== null || children.some((child) => child.holdsElements);
    return { key: this.key, keyBytes, children, element, holdsElements, slot: this.slot, from, to: numbering.next };
  }
}

/** `$`, then `.name`, `['name']`, `["name"]` or `[0:]`, any number of them. */
function parsePath(path: string, what: string): Step[] {
  const steps: Step[] = [];
  const step = /\.([^.[\]]+)|\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]|\[\s*(?:0?\s*:|\*)\s*\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < path.length && path.startsWith('$')) {
    const at = step.lastIndex;
    const match = step.exec(path);
    if (!match) throw new SourceError(`${what} is ${path}: cannot read it from character ${at + 1} on (${pathHint})`);
    const quoted = match[2] ?? match[3];
    steps.push(match[1] ?? quoted?.replace(/\\(.)/g, '$1') ?? null);
  }
  if (!path.startsWith('$'))
    throw new SourceError(`${what} is ${JSON.stringify(path)}: it must begin with $ (${pathHint})`);
  return steps;
}

const pathHint = "for example $.a, $.a.b, $['a b'], $.list[0:] or $.list[0:].x";
