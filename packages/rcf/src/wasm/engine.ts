import type { Attribution } from '../attribution.ts';
import type { Engine } from '../engine.ts';
import type { ForestMemory } from '../memory.ts';
import type { ForestParameters } from '../parameters.ts';
import { instantiate } from './instantiate.js';
import { KernelMemory } from './memory.ts';
import { type Kernel, kernelModule } from './module.ts';

/** The kernel of assembly/, in one thread. */
export class WasmEngine implements Engine {
  readonly name = 'wasm';
  readonly memory: ForestMemory;
  protected readonly kernel: Kernel;
  readonly #shares: Float64Array;

  /** Null where the runtime has no WebAssembly with SIMD, or less memory than the forest needs. */
  static create(parameters: ForestParameters): WasmEngine | null {
    const module = kernelModule('own');
    const memory = module && KernelMemory.create(parameters);
    return module && memory && new WasmEngine(module, memory);
  }

  protected constructor(module: WebAssembly.Module, memory: KernelMemory) {
    this.memory = memory.forest;
    this.kernel = instantiate(module, memory.memory, memory.stateOf(0));
    this.#shares = memory.threads[0]!.shares;
  }

  score(): number {
    const { trees, sums } = this.memory;
    sums[0] = 0;
    this.kernel.score(0, trees.numberOfTrees, sums.byteOffset);
    return sums[0]!;
  }

  attribute(out: Attribution): void {
    const { dimensions, numberOfTrees, width } = this.memory.trees;
    this.kernel.attribute(0, numberOfTrees);
    const part = Math.max(4, width);
    for (let i = 0; i < dimensions; i++) {
      out.high[i] = this.#shares[3 * part + i]!;
      out.low[i] = this.#shares[4 * part + i]!;
    }
  }

  push(rows: number, firstScored: number, sequence: number): void {
    const { trees, sums } = this.memory;
    sums.fill(0, 0, rows);
    this.kernel.push(0, trees.numberOfTrees, rows, firstScored, sequence, sums.byteOffset, 0);
  }
}
