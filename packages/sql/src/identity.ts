import { type Frame, type NodeIdentity, printCount } from '@rowtime/core';
import type { WindowPlan } from './bound.ts';
import type { CatalogStream } from './catalog.ts';
import type { LeafNode, PlanNode } from './plan.ts';
import { printName } from './suggest.ts';
import { tableFunction } from './table-functions/index.ts';
import { isSubquery, type Subquery, type TablePlan } from './table-queries.ts';

/** What plan nodes refer to by a name that other statements can change. */
export interface Definitions {
  readonly tables: readonly TablePlan[];
  readonly subqueries: readonly Subquery[];
  readonly references: readonly CatalogStream[];
  readonly seed: number;
}

/** What a stream is to a checkpoint. Its name tells nothing about its rows, unless they come from outside. */
export function streamIdentity({ name, schema, metadata, input }: CatalogStream, writers: number): NodeIdentity {
  return {
    owner: `${input ? 'input' : 'stream'} ${printName(name)}`,
    kind: input ? 'input' : writers > 1 ? 'gather' : 'stream',
    what: '',
    text: canonical(input ? { name, schema, metadata } : { schema }),
  };
}

export const startIdentity: NodeIdentity = { owner: 'start', kind: 'constant', what: 'time of the start', text: '' };

type OperatorNode = Exclude<PlanNode, LeafNode> | Extract<PlanNode, { kind: 'once' }>;

/** What the operator of a plan node is to a checkpoint: everything it does, and nothing of where it was written or what the
 *  planner called the tables it asks. */
export function operatorIdentity(pump: string, node: OperatorNode, definitions: Definitions): NodeIdentity {
  const { input: _, inputs: __, ...own } = node as { readonly input?: unknown; readonly inputs?: unknown };
  return {
    owner: `pump ${printName(pump)}`,
    kind: node.kind === 'once' ? 'constant' : 'operator',
    what: whatOf(node),
    text: new Namer(definitions).text(own, isRandom(node) ? definitions.seed : null),
  };
}

function isRandom(node: OperatorNode): boolean {
  return node.kind === 'tableFunction' && tableFunction(node.name)?.isRandom === true;
}

/** Writes plan nodes with tables and subqueries called by the order in which they are first named, followed by what they are. */
class Namer {
  readonly #definitions: Definitions;
  readonly #names: string[] = [];

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  text(node: unknown, seed: number | null): string {
    const parts = [this.#written(node), canonical(seed)];
    // Writing one may name more of them.
    for (let i = 0; i < this.#names.length; i++) parts.push(this.#written(this.#definitionOf(this.#names[i] ?? '')));
    return parts.join('\n');
  }

  #written(node: unknown): string {
    return canonical(node, (value) => {
      const { kind, name, table, mode } = value;
      if (kind === 'call' && typeof name === 'string' && isSubquery(name))
        return { ...value, name: this.#called(name) };
      const asks = kind === 'lookup' || kind === 'once' || kind === 'table' || mode !== undefined;
      return asks && typeof table === 'string' ? { ...value, table: this.#called(table) } : value;
    });
  }

  #called(name: string): string {
    const at = this.#names.indexOf(name);
    return `$${at < 0 ? this.#names.push(name) : at + 1}`;
  }

  #definitionOf(wanted: string): unknown {
    const { tables, subqueries, references } = this.#definitions;
    const table = tables.find(({ name }) => name === wanted);
    if (table) return table.root;
    const subquery = subqueries.find(({ name }) => name === wanted);
    if (subquery) return { ...subquery, name: '' };
    // Not its rows: a reference table may be another one at each start.
    return { reference: wanted, schema: references.find(({ name }) => name === wanted)?.schema };
  }
}

type Plain = Readonly<Record<string, unknown>>;

/** JSON in which equal data has one text: keys in order, numbers that JSON does not know as texts. */
function canonical(value: unknown, change: (object: Plain) => Plain = (object) => object): string {
  const plain = (one: unknown): unknown => {
    if (typeof one === 'bigint') return { bigint: String(one) };
    if (typeof one === 'number') return Number.isFinite(one) && !Object.is(one, -0) ? one : { number: String(one) };
    if (Array.isArray(one)) return one.map(plain);
    if (typeof one !== 'object' || one === null) return one;
    const object = change(one as Plain);
    const keys = Object.keys(object).filter((key) => key !== 'span' && object[key] !== undefined);
    return Object.fromEntries(keys.sort().map((key) => [key, plain(object[key])]));
  };
  return JSON.stringify(plain(value)) ?? 'null';
}

function whatOf(node: OperatorNode): string {
  switch (node.kind) {
    case 'tumble':
      return `tumbling window${printWindow(node.window)}`;
    case 'stagger':
      return `stagger window of ${printMillis(node.range)}`;
    case 'slide':
      return node.windows.map(({ frame }) => `sliding window of ${printFrame(frame)}`).join(', ');
    case 'groupRuns':
      return 'groups of a monotonic value';
    case 'sort':
      return 'ORDER BY';
    case 'distinct':
      return 'SELECT DISTINCT';
    case 'join':
      return 'JOIN';
    case 'union':
      return 'UNION ALL';
    case 'retime':
      return 'AS ROWTIME';
    case 'once':
      return 'insert of a table';
    case 'tableFunction':
      return node.name;
    default:
      return node.kind;
  }
}

function printWindow(window: WindowPlan): string {
  if (window.unit === 'expression') return '';
  return ` of ${window.unit === 'month' ? printCount(window.size, 'month') : printMillis(window.size)}`;
}

function printFrame(frame: Frame): string {
  if (frame.kind === 'unbounded') return 'all rows';
  return frame.kind === 'range' ? printMillis(frame.millis) : printCount(frame.preceding + 1, 'row');
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

function printMillis(millis: number): string {
  const [unit, size] = units.find(([, length]) => millis >= length && millis % length === 0) ?? ['millisecond', 1];
  return printCount(millis / size, unit);
}
