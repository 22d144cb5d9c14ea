import { type Arrays, PackedArrays } from '../arrays.ts';
import { ForestMemory } from '../memory.ts';
import type { ForestParameters } from '../parameters.ts';
import type { KernelState } from './module.ts';

/** A forest in the memory of kernels, whose size is fixed when the forest is made. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly forest: ForestMemory;
  /** What threads tell each other; empty if there is only one. */
  readonly shared: SharedMemory;
  /** The room that each thread needs. */
  readonly threads: readonly ThreadMemory[];

  /** Null where there is not that much memory. With more than one thread it is shared. */
  static create(parameters: ForestParameters, threads = 1): KernelMemory | null {
    const measure = new PackedArrays(null, firstAddress);
    lay(parameters, measure, threads);
    const pages = Math.ceil(measure.bytes / pageBytes);
    if (pages > pagesMax) return null;
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: threads > 1 });
      return new KernelMemory(parameters, memory, threads);
    } catch {
      return null; // the machine has less, or a process may not reserve so many
    }
  }

  private constructor(parameters: ForestParameters, memory: WebAssembly.Memory, threads: number) {
    const parts = lay(parameters, new PackedArrays(memory.buffer, firstAddress), threads);
    this.memory = memory;
    this.forest = parts.forest;
    this.shared = parts.shared;
    this.threads = parts.threads;
  }

  /** What the kernel of a thread has to know. */
  stateOf(thread: number): KernelState {
    const { trees, samplers, tables, rows } = this.forest;
    const { padded, scratch, shares } = this.threads[thread]!;
    const addresses = Object.entries({
      nodes: trees.nodes,
      nodeParents: trees.nodeParents,
      boxes: trees.boxes,
      ranges: trees.ranges,
      points: trees.points,
      leafMasses: trees.leafMasses,
      leafParents: trees.leafParents,
      roots: trees.roots,
      masses: trees.masses,
      freeNodes: trees.freeNodes,
      freeLeaves: trees.freeLeaves,
      treeSeeds: trees.seeds,
      weights: samplers.weights,
      leaves: samplers.leaves,
      sizes: samplers.sizes,
      samplerSeeds: samplers.seeds,
      certain: samplers.certain,
      certainUntil: samplers.certainUntil,
      unseen: tables.unseen,
      logs: tables.logs,
      depths: tables.depths,
      values: rows.values,
      padded,
      scratch,
      shares,
    }).map(([name, array]) => [name, array.byteOffset]);
    return {
      dimensions: trees.dimensions,
      width: trees.width,
      sampleSize: trees.sampleSize,
      timeDecay: samplers.timeDecay,
      initialAcceptFraction: samplers.initialAcceptFraction,
      stride: rows.stride,
      ...Object.fromEntries(addresses),
    };
  }
}

interface SharedMemory {
  /** Of the block to push: its rows, and the first to be scored. */
  readonly block: Int32Array;
  readonly sequence: Float64Array;
  /** Per tree the scores of the block's rows. */
  readonly parts: Float64Array;
}

interface ThreadMemory {
  readonly padded: Float32Array;
  readonly scratch: Float32Array;
  readonly shares: Float64Array;
  /** See WorkerTask. */
  readonly control: Int32Array;
}

function lay(
  parameters: ForestParameters,
  arrays: Arrays,
  threads: number,
): { forest: ForestMemory; shared: SharedMemory; threads: ThreadMemory[] } {
  const forest = new ForestMemory(parameters, arrays);
  const { width, dimensions, numberOfTrees } = forest.trees;
  const { capacity } = forest.rows;
  const shared = {
    block: arrays.int32(2),
    sequence: arrays.float64(1),
    parts: arrays.float64(threads > 1 ? numberOfTrees * capacity : 0),
  };
  const rooms = Array.from({ length: threads }, () => ({
    padded: arrays.float32(dimensions === width ? 0 : capacity * width),
    scratch: arrays.float32(8 + 3 * Math.max(4, width)),
    shares: arrays.float64(6 * Math.max(4, width)),
    control: arrays.int32(3),
  }));
  return { forest, shared, threads: rooms };
}

const firstAddress = 64;
const pageBytes = 65536;
const pagesMax = 65536;
