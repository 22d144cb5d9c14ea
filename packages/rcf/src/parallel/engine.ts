import { Worker } from 'node:worker_threads';
import type { ForestParameters } from '../parameters.ts';
import { WasmEngine } from '../wasm/engine.ts';
import { KernelMemory } from '../wasm/memory.ts';
import { type KernelState, kernelModule } from '../wasm/module.ts';

/** All that a worker gets to know, when it starts. */
export interface WorkerTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly state: KernelState;
  /** Of the block to push: its rows, and the first to be scored. */
  readonly block: Int32Array;
  readonly sequence: Float64Array;
  /** Whether the worker is there; the number of the block it shall push; the number of the last it has pushed. */
  readonly control: Int32Array;
  readonly treeFrom: number;
  readonly treeTo: number;
  /** Tree t leaves its scores at `parts + t × partStride`. */
  readonly parts: number;
  readonly partStride: number;
}

/**
 * The kernel in several threads, each with a contiguous range of the trees, in one shared memory. The calling thread has
 * the first range, and does the work of a worker that is not there: yet, or any more.
 *
 * Workers leave the scores of each tree apart, and the calling thread adds them up in the order of the trees. So the bits
 * are those of one thread.
 */
export class ParallelEngine extends WasmEngine {
  readonly threads: number;
  /** When every worker is there, or has failed to start. */
  readonly ready: Promise<void>;
  readonly #tasks: readonly WorkerTask[];
  readonly #workers: readonly Worker[];
  /** Per worker, whether it has been given the block. */
  readonly #given: boolean[];

  /** Null where the runtime cannot share a kernel's memory, or has less than the forest needs. */
  static start(parameters: ForestParameters, threads: number): ParallelEngine | null {
    const module = kernelModule('shared');
    const memory = module && KernelMemory.create(parameters, threads);
    return module && memory && new ParallelEngine(module, memory);
  }

  private constructor(module: WebAssembly.Module, memory: KernelMemory) {
    super(module, memory);
    const { forest, shared } = memory;
    const threads = memory.threads.length;
    const { numberOfTrees } = forest.trees;
    this.threads = threads;
    this.#tasks = memory.threads.slice(1).map(({ control }, i) => ({
      module,
      memory: memory.memory,
      state: memory.stateOf(i + 1),
      block: shared.block,
      sequence: shared.sequence,
      control,
      treeFrom: Math.floor(((i + 1) * numberOfTrees) / threads),
      treeTo: Math.floor(((i + 2) * numberOfTrees) / threads),
      parts: shared.parts.byteOffset,
      partStride: 8 * forest.rows.capacity,
    }));
    this.#given = this.#tasks.map(() => false);
    this.#workers = this.#tasks.map((task) => startWorker(task));
    this.ready = Promise.all(this.#workers.map(isReady)).then(() => {});
  }

  override push(rows: number, firstScored: number, sequence: number): void {
    if (rows < rowsWorthSharing) {
      super.push(rows, firstScored, sequence);
      return;
    }
    const { kernel } = this;
    const { trees, sums } = this.memory;
    const tasks = this.#tasks;
    const first = tasks[0]!;
    first.block[0] = rows;
    first.block[1] = firstScored;
    first.sequence[0] = sequence;
    for (let i = 0; i < tasks.length; i++) this.#given[i] = give(tasks[i]!.control);
    sums.fill(0, 0, rows);
    kernel.push(0, first.treeFrom, rows, firstScored, sequence, sums.byteOffset, 0);
    for (let i = 0; i < tasks.length; i++) {
      const { control, treeFrom, treeTo, parts, partStride } = tasks[i]!;
      if (this.#given[i]) waitFor(control);
      else kernel.push(treeFrom, treeTo, rows, firstScored, sequence, parts, partStride);
    }
    kernel.addUp(first.treeFrom, trees.numberOfTrees, rows, first.parts, first.partStride, sums.byteOffset);
  }

  /** Ends the workers. What comes after, the calling thread does alone. */
  async close(): Promise<void> {
    for (const { control } of this.#tasks) Atomics.store(control, there, 0);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function startWorker(task: WorkerTask): Worker {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: task, execArgv: [] });
  // It keeps the process alive only until it is there.
  worker.once('message', () => worker.unref());
  worker.once('error', () => Atomics.store(task.control, there, 0));
  return worker;
}

function isReady(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once('message', () => resolve());
    worker.once('exit', () => resolve());
  });
}

/** Whether the worker was there to be given the block. */
function give(control: Int32Array): boolean {
  if (Atomics.load(control, there) === 0) return false;
  Atomics.add(control, given, 1);
  Atomics.notify(control, given);
  return true;
}

function waitFor(control: Int32Array): void {
  const block = control[given]!;
  for (let i = 0; i < spins; i++) if (Atomics.load(control, done) === block) return;
  for (;;) {
    const last = Atomics.load(control, done);
    if (last === block) return;
    Atomics.wait(control, done, last);
  }
}

// Where `control` has what; worker.js says the same.
const there = 0;
const given = 1;
const done = 2;

/** About as long as it takes to put a thread to sleep and wake it. */
const spins = 2000;
/** Below this, waking the workers takes longer than their work. */
const rowsWorthSharing = 8;
