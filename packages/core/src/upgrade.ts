import { type Batch, concat } from './batch.ts';
import type { Checkpoint, SavedNode } from './checkpoint.ts';
import { errorInputs } from './graph.ts';
import { rowsHeld } from './in-words.ts';
import { inTimeOrder } from './operators/union.ts';

/** A state of a checkpoint, in words. */
export interface StateUnit {
  /** "pump STREAM_PUMP" */
  readonly owner: string;
  /** "tumbling window of 1 minute" */
  readonly what: string;
  /** "52 keys open" */
  readonly remembers: string;
}

export interface LostUnit extends StateUnit {
  /** Why it has no place: "is gone", "has changed", "reads A, whose rows have changed". */
  readonly why: string;
}

/** What becomes of the states of a checkpoint under a program that may be another one. */
export interface Upgrade {
  /** Every operator has its state, and every state its operator. */
  readonly isSame: boolean;
  readonly kept: readonly StateUnit[];
  readonly lost: readonly LostUnit[];
  /** Inputs that are not what they were, "input S has changed": no position of the checkpoint can be trusted. */
  readonly inputs: readonly string[];
  /** By the id of a node of the program as it is now; those that begin anew are left out. */
  readonly operators: Readonly<Record<string, unknown>>;
}

/** A state goes on in an operator of the same pump that does the same with the same rows: its own text, and the texts of all
 *  that its rows have passed since they came in, are what they were. Names of created streams, and the order of
 *  statements, are no part of that. Rows that wait in a stream for the slower of its pumps go on if what they come from
 *  does; rows of error_stream always do: what was reported is reported. */
export function upgrade(
  { nodes: saved, operators }: Pick<Checkpoint, 'nodes' | 'operators'>,
  current: readonly SavedNode[],
): Upgrade {
  const shapes = shapesOf(false);
  const [before, now] = [shapes(saved), shapes(current)];
  const partners = matched(saved, before, current, now);
  const why = reasons(saved, before, current, now);
  const states: Record<string, unknown> = {};
  const kept: StateUnit[] = [];
  const lost: LostUnit[] = [];
  const placed = new Set<SavedNode>();

  for (const node of current) {
    const of = partners.get(node.id);
    if (!of) continue;
    placed.add(of);
    if (node.kind !== 'gather' && node.kind !== 'errors') {
      states[node.id] = operators[of.id];
      if (of.remembers !== null) kept.push({ owner: of.owner, what: of.what, remembers: of.remembers });
      continue;
    }
    const waiting = waitingIn(of, operators);
    const inputs = node.from.map((from) => {
      const was = partnerOfInput(from, partners);
      const rows = waiting.get(was) ?? null;
      waiting.delete(was);
      return rows;
    });
    if (node.kind === 'errors') inputs[0] = together([inputs[0] ?? null, ...waiting.values()]);
    else lost.push(...heldBack(of, waiting, saved));
    const count = inputs.reduce((sum, rows) => sum + (rows?.length ?? 0), 0);
    const remembers = rowsHeld(count);
    if (remembers !== null) kept.push({ owner: of.owner, what: of.what, remembers });
    states[node.id] = inputs;
  }
  for (const node of saved) {
    if (placed.has(node)) continue;
    if (node.kind === 'gather') lost.push(...heldBack(node, waitingIn(node, operators), saved));
    else if (node.remembers !== null)
      lost.push({ owner: node.owner, what: node.what, remembers: node.remembers, why: why(node) });
  }
  const isSame = lost.length === 0 && placed.size === saved.length && partners.size === current.length;
  return { isSame, kept, lost, inputs: changedInputs(saved, current), operators: states };
}

/** Numbers the nodes of graphs so that two with one number do the same with the same rows. `isLocal`: as far as their pump
 *  can tell, to which a stream is what its name says. */
function shapesOf(isLocal: boolean): (nodes: readonly SavedNode[]) => ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  return (nodes) => {
    const shapes = new Map<string, number>();
    for (const { id, owner, kind, text, from } of nodes) {
      // What reports rows is not what they are.
      const inputs = kind === 'constant' || kind === 'errors' ? [] : from.map((read) => shapes.get(read) ?? -1);
      // Which of its pumps stands first in the program says nothing about a stream.
      if (kind === 'gather') inputs.sort((a, b) => a - b);
      const isLeaf = isLocal && (kind === 'stream' || kind === 'gather');
      const key = JSON.stringify(isLeaf ? owner : [text, inputs]);
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      shapes.set(id, number);
    }
    return shapes;
  };
}

/** By the id of a current node, the saved one whose state it takes. */
function matched(
  saved: readonly SavedNode[],
  before: ReadonlyMap<string, number>,
  current: readonly SavedNode[],
  now: ReadonlyMap<string, number>,
): Map<string, SavedNode> {
  const left = new Map<string, SavedNode[]>();
  // A stream that is gathered is the stream of its name: its parts are looked at one by one.
  const keyOf = ({ owner, kind, text, id }: SavedNode, shapes: ReadonlyMap<string, number>): string =>
    JSON.stringify([owner, kind, kind === 'gather' ? text : shapes.get(id)]);
  for (const node of saved) {
    const key = keyOf(node, before);
    left.set(key, [...(left.get(key) ?? []), node]);
  }
  const partners = new Map<string, SavedNode>();
  for (const node of current) {
    const partner = left.get(keyOf(node, now))?.shift();
    if (partner) partners.set(node.id, partner);
  }
  return partners;
}

/** Why the state of a saved node has no place. */
function reasons(
  saved: readonly SavedNode[],
  before: ReadonlyMap<string, number>,
  current: readonly SavedNode[],
  now: ReadonlyMap<string, number>,
): (node: SavedNode) => string {
  const shapes = shapesOf(true);
  const [localBefore, localNow] = [shapes(saved), shapes(current)];
  const byId = new Map(saved.map((node) => [node.id, node]));
  const isStream = ({ kind }: SavedNode): boolean => kind !== 'operator' && kind !== 'constant';
  const streamsOf = (node: SavedNode): SavedNode[] =>
    node.from.flatMap((id) => {
      const read = byId.get(id);
      return !read ? [] : isStream(read) ? [read] : streamsOf(read);
    });
  return (node) => {
    const own = current.filter(({ owner }) => owner === node.owner);
    if (own.length === 0) return 'is gone';
    if (!own.some(({ id }) => localNow.get(id) === localBefore.get(node.id))) return 'has changed';
    const read = streamsOf(node).filter(({ id }) => before.get(id) !== now.get(id));
    const names = [...new Set(read.map(({ owner }) => owner.slice(owner.indexOf(' ') + 1)))];
    return names.length > 0 ? `reads ${names.join(', ')}, whose rows have changed` : 'has changed';
  };
}

function waitingIn({ id, from }: SavedNode, operators: Readonly<Record<string, unknown>>): Map<string, Batch> {
  const inputs = operators[id] as readonly (Batch | null)[];
  return new Map(
    from.flatMap((read, i): [string, Batch][] => {
      const rows = inputs[i];
      return rows && rows.length > 0 ? [[read, rows]] : [];
    }),
  );
}

/** What a saved graph calls the input that comes from `from`: that of error_stream has a word before the id. */
function partnerOfInput(from: string, partners: ReadonlyMap<string, SavedNode>): string {
  const word = errorInputs.find((before) => from.startsWith(before)) ?? '';
  const was = partners.get(from.slice(word.length));
  return was ? word + was.id : from;
}

function heldBack(node: SavedNode, waiting: ReadonlyMap<string, Batch>, saved: readonly SavedNode[]): LostUnit[] {
  return Array.from(waiting, ([from, rows]): LostUnit => {
    const pump = saved.find(({ id }) => id === from)?.owner ?? from;
    return { owner: node.owner, what: `rows of ${pump}`, remembers: rowsHeld(rows.length) ?? '', why: 'has changed' };
  });
}

function together(batches: readonly (Batch | null)[]): Batch | null {
  const full = batches.filter((batch) => batch !== null);
  return full.length > 1 ? inTimeOrder(concat(full)) : (full[0] ?? null);
}

function changedInputs(saved: readonly SavedNode[], current: readonly SavedNode[]): string[] {
  const textOf = (nodes: readonly SavedNode[]): Map<string, string> =>
    new Map(nodes.filter(({ kind }) => kind === 'input').map(({ owner, text }) => [owner, text]));
  const [before, now] = [textOf(saved), textOf(current)];
  return [
    ...[...before].flatMap(([owner, text]) => {
      const found = now.get(owner);
      return found === text ? [] : [`${owner} ${found === undefined ? 'is gone' : 'has changed'}`];
    }),
    ...[...now.keys()].filter((owner) => !before.has(owner)).map((owner) => `${owner} is new`),
  ];
}
