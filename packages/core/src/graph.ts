import { assert } from './assert.ts';
import type { Batch, Millis } from './batch.ts';
import type { NodeIdentity, SavedNode } from './checkpoint.ts';
import type { Operator } from './operator.ts';
import { inTimeOrder, Union } from './operators/union.ts';
import { errorStreamSchema, RowErrors } from './row-errors.ts';
import type { Schema } from './schema.ts';
import type { RejectedRecord } from './source.ts';

/** An operator and where its input comes from. A stream is a node like any other. */
export interface GraphNode {
  /** "stream/NAME" or "pump/NAME/2": names its part of a checkpoint. */
  readonly id: string;
  readonly operator: Operator;
  /** The ids of the nodes it reads, in the order of its inputs; none for an input stream. */
  readonly from: readonly string[];
  /** Where its operator reports rows it could not compute. */
  readonly errors?: RowErrors;
  /** Left out: it does what the plan of its graph says, all of it. */
  readonly identity?: NodeIdentity;
}

export const errorStream = 'error_stream';

/** The id of a stream's node. */
export const streamId = (stream: string): string => `stream/${stream}`;

/** The streams and pumps of an application: pushes batches through them on one call stack, and tells each operator how
 *  far time has come. */
export class Graph {
  /** A text that names every operator and stream. */
  readonly plan: string;
  /** In topological order: a node comes after those it reads. error_stream is the last. */
  readonly #nodes: readonly Node[];
  readonly #byId: ReadonlyMap<string, Node>;
  readonly #errors: Node;
  readonly #inputErrors: RowErrors;

  constructor(nodes: readonly GraphNode[], plan: string) {
    this.plan = plan;
    const byId = new Map<string, Node>();
    const built = nodes.map((spec) => new Node(spec, spec.identity ?? identityIn(plan, spec)));
    nodes.forEach((spec, i) => {
      assert(!byId.has(spec.id), `node ${spec.id} is there once`);
      byId.set(spec.id, built[i]);
      spec.from.forEach((id, input) => {
        const from = byId.get(id);
        assert(from, `node ${id} comes before ${spec.id}, which reads it`);
        from.readers.push({ node: built[i], input });
      });
    });
    this.#inputErrors = new RowErrors(null);
    // Those of the input first, then of each operator, then of each stream's readers.
    const failing = built.filter((node) => node.errors);
    const inputs = 1 + failing.length + built.length;
    const from = [
      'input',
      ...failing.map(({ id }) => errorInputs[0] + id),
      ...built.map(({ id }) => errorInputs[1] + id),
    ];
    const operator = new Union(errorStreamSchema, inputs);
    this.#errors = new Node({ id: streamId(errorStream), operator, from }, errorsIdentity);
    failing.forEach((node, i) => {
      node.errorInput = i + 1;
    });
    built.forEach((node, i) => {
      node.readerErrorInput = 1 + failing.length + i;
    });
    this.#nodes = built;
    this.#byId = byId.set(this.#errors.id, this.#errors);
  }

  /** The columns of a stream; null if there is no such stream. */
  schema(stream: string): Schema | null {
    return this.#byId.get(streamId(stream))?.operator.schema ?? null;
  }

  /** Calls `reader` with each batch of a stream, and with where to report the rows that it cannot take. */
  listen(stream: string, reader: Reader): void {
    const node = this.#byId.get(streamId(stream));
    assert(node, `stream ${stream} exists`);
    node.listeners.push(reader);
  }

  /** Rows of an input stream, stamped. */
  push(stream: string, batch: Batch): void {
    const node = this.#byId.get(streamId(stream));
    assert(node, `stream ${stream} exists`);
    if (batch.length > 0) node.push(batch, 0);
    this.#collectErrors();
  }

  /** Records that gave no row, as rows of error_stream. `rowtime` is not before the last of an earlier call. */
  reject(records: readonly RejectedRecord[], rowtime: Millis): void {
    for (const { name, message, record } of records) this.#inputErrors.reportBytes(name, message, rowtime, record);
    this.#collectErrors();
  }

  /** Where the clock reports rows that it could not give a ROWTIME. */
  get inputErrors(): RowErrors {
    return this.#inputErrors;
  }

  /** No row of `stream` before `watermark` will come any more; without a stream: of none. */
  advance(watermark: Millis, stream?: string): void {
    let least = Number.POSITIVE_INFINITY;
    for (const node of this.#nodes) {
      if (node.isInput && (stream === undefined || node.id === streamId(stream))) {
        node.watermarks[0] = Math.max(node.watermarks[0], watermark);
      }
      const reached = node.watermark();
      least = Math.min(least, reached);
      if (reached > node.reached) {
        node.reached = reached;
        node.advance(reached);
        this.#collectErrors();
      }
    }
    if (least > this.#errors.reached) {
      this.#errors.reached = least;
      this.#errors.advance(least);
    }
  }

  snapshot(): Record<string, unknown> {
    return Object.fromEntries([...this.#byId.values()].map(({ id, operator }) => [id, operator.snapshot()]));
  }

  /** What a checkpoint tells of its nodes. */
  describe(): SavedNode[] {
    return Array.from(this.#byId.values(), ({ id, from, identity, operator }) => {
      const { owner, kind, what, text } = identity;
      return { id, owner, kind, what, text, from, remembers: operator.remembers?.() ?? null };
    });
  }

  /** Takes what `snapshot` of a graph with the same plan returned. */
  restore(operators: Readonly<Record<string, unknown>>): void {
    for (const { id, operator } of this.#byId.values()) {
      assert(Object.hasOwn(operators, id), `the snapshot has the state of ${id}`);
      operator.restore(operators[id]);
    }
  }

  /** Takes the states that there are; the other operators begin anew. */
  adopt(operators: Readonly<Record<string, unknown>>): void {
    for (const { id, operator } of this.#byId.values()) {
      if (Object.hasOwn(operators, id)) operator.restore(operators[id]);
    }
  }

  /** Error rows that wait until time has passed them on every input of error_stream. */
  get errorsHeld(): number {
    return (this.#errors.operator as Union).held;
  }

  #collectErrors(): void {
    const rejected = this.#inputErrors.take();
    if (rejected) this.#errors.push(rejected, 0);
    for (const node of this.#nodes) {
      const batch = node.errors?.take();
      if (batch) this.#errors.push(batch, node.errorInput);
      const unread = node.readerErrors.take();
      // Several readers of one batch report one after the other.
      if (unread) this.#errors.push(inTimeOrder(unread), node.readerErrorInput);
    }
  }
}

export type Reader = (batch: Batch, errors: RowErrors) => void;

/** What stands before the id of a node where it reports to error_stream: for itself, and for those who read it. */
export const errorInputs = ['operator ', 'readers of '] as const;

function identityIn(plan: string, { id, from, operator }: GraphNode): NodeIdentity {
  if (!id.startsWith(streamId(''))) return { owner: id, kind: 'operator', what: 'operator', text: plan };
  const text = JSON.stringify(operator.schema);
  return {
    owner: id,
    kind: from.length === 0 ? 'input' : operator instanceof Union ? 'gather' : 'stream',
    what: '',
    text,
  };
}

const errorsIdentity: NodeIdentity = { owner: `stream ${errorStream}`, kind: 'errors', what: '', text: '' };

class Node {
  readonly id: string;
  readonly operator: Operator;
  readonly from: readonly string[];
  readonly identity: NodeIdentity;
  readonly errors: RowErrors | undefined;
  readonly isInput: boolean;
  readonly readers: { readonly node: Node; readonly input: number }[] = [];
  readonly listeners: Reader[] = [];
  /** What its listeners cannot take. */
  readonly readerErrors = new RowErrors(null);
  /** By input. */
  readonly watermarks: Float64Array;
  /** The watermark that the operator was last told. */
  reached = Number.NEGATIVE_INFINITY;
  errorInput = 0;
  readerErrorInput = 0;
  readonly #out = (batch: Batch): void => {
    for (const listener of this.listeners) listener(batch, this.readerErrors);
    for (const { node, input } of this.readers) node.push(batch, input);
  };

  constructor({ id, operator, from, errors }: GraphNode, identity: NodeIdentity) {
    this.id = id;
    this.operator = operator;
    this.from = from;
    this.identity = identity;
    this.errors = errors;
    this.isInput = from.length === 0;
    this.watermarks = new Float64Array(Math.max(from.length, 1)).fill(Number.NEGATIVE_INFINITY);
  }

  push(batch: Batch, input: number): void {
    this.operator.push(batch, this.#out, input);
  }

  watermark(): Millis {
    return this.watermarks.reduce((least, watermark) => Math.min(least, watermark), Number.POSITIVE_INFINITY);
  }

  advance(watermark: Millis): void {
    const reached = this.operator.advance(watermark, this.#out);
    for (const { node, input } of this.readers) node.watermarks[input] = reached;
  }
}
