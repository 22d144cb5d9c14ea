import { RandomCutForest } from '../forest.ts';
import { type EngineChoice, engineChoice, type ForestOptions, forestParameters, integer } from '../parameters.ts';
import { type ForestState, parametersOf } from '../snapshot.ts';
import { ParallelEngine } from './engine.ts';

export interface ParallelOptions extends ForestOptions {
  /** Threads that share the trees, the calling one among them. Default 2. */
  workers?: number | undefined;
}

/**
 * A RandomCutForest whose batches run in several threads, for Node. The results are the same in all bits.
 *
 * It needs the WebAssembly kernel and works in one thread without. Single points, too, stay in the calling thread: they
 * take less time than waking another. `close` ends the threads; the process may also just exit.
 */
export class ParallelForest extends RandomCutForest {
  readonly #parallel: ParallelEngine | null;

  constructor(options: ParallelOptions) {
    const parameters = forestParameters(options);
    const threads = Math.min(integer('workers', options.workers ?? 2, 1, 64), parameters.numberOfTrees);
    const alone = threads === 1 || engineChoice(options.engine) === 'typescript';
    const engine = alone ? null : ParallelEngine.start(parameters, threads);
    super(options, engine ?? undefined);
    this.#parallel = engine;
  }

  /** Goes on where `snapshot` was taken, by this or by another forest, bit for bit. */
  static override restore(
    state: ForestState,
    options: { engine?: EngineChoice | undefined; workers?: number | undefined } = {},
  ): ParallelForest {
    const forest = new ParallelForest({ ...parametersOf(state), ...options });
    forest.load(state);
    return forest;
  }

  /** Threads that share the trees. */
  get workers(): number {
    return this.#parallel?.threads ?? 1;
  }

  /** When all threads are there. Until then the calling thread does their work, so there is no need to wait. */
  get ready(): Promise<void> {
    return this.#parallel?.ready ?? Promise.resolve();
  }

  /** Ends the threads. The forest still works, in the calling thread. */
  async close(): Promise<void> {
    await this.#parallel?.close();
  }
}
