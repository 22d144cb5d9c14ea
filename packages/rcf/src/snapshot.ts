import { joinBoxes } from './boxes.ts';
import type { ForestMemory } from './memory.ts';
import type { ForestParameters } from './parameters.ts';
import type { Trees } from './trees.ts';
import { none } from './trees.ts';

/**
 * Everything a forest needs to go on bit for bit: plain data that survives structuredClone. Boxes and parents are left
 * out, for they follow from the rest.
 */
export interface ForestState {
  readonly version: 1;
  readonly parameters: ForestParameters;
  readonly totalUpdates: number;
  /** The rows that the next shingle still needs. */
  readonly head: Float32Array;
  readonly nodes: Int32Array;
  readonly roots: Int32Array;
  readonly masses: Int32Array;
  readonly points: Float32Array;
  readonly leafMasses: Int32Array;
  readonly treeSeeds: Int32Array;
  readonly weights: Float32Array;
  readonly leaves: Int32Array;
  readonly sizes: Int32Array;
  readonly samplerSeeds: Int32Array;
}

export function saveForest(parameters: ForestParameters, totalUpdates: number, memory: ForestMemory): ForestState {
  const { trees, samplers } = memory;
  return {
    version: 1,
    parameters: { ...parameters },
    totalUpdates,
    head: memory.rows.head.slice(),
    nodes: trees.nodes.slice(),
    roots: trees.roots.slice(),
    masses: trees.masses.slice(),
    points: trees.points.slice(),
    leafMasses: trees.leafMasses.slice(),
    treeSeeds: trees.seeds.slice(),
    weights: samplers.weights.slice(),
    leaves: samplers.leaves.slice(),
    sizes: samplers.sizes.slice(),
    samplerSeeds: samplers.seeds.slice(),
  };
}

/** What the forest that the state goes into is made with. */
export function parametersOf(state: ForestState): ForestParameters {
  if (state.version !== 1) throw new RangeError(`version of the state is ${String(state.version)}; it must be 1`);
  return state.parameters;
}

/** Fills the memory of a new forest, made with the parameters of the state. */
export function loadForest(state: ForestState, memory: ForestMemory): void {
  const { trees, samplers } = memory;
  copy('head', state.head, memory.rows.head);
  copy('nodes', state.nodes, trees.nodes);
  copy('roots', state.roots, trees.roots);
  copy('masses', state.masses, trees.masses);
  copy('points', state.points, trees.points);
  copy('leafMasses', state.leafMasses, trees.leafMasses);
  copy('treeSeeds', state.treeSeeds, trees.seeds);
  copy('weights', state.weights, samplers.weights);
  copy('leaves', state.leaves, samplers.leaves);
  copy('sizes', state.sizes, samplers.sizes);
  copy('samplerSeeds', state.samplerSeeds, samplers.seeds);
  for (let tree = 0; tree < trees.numberOfTrees; tree++) rebuildTree(trees, tree);
}

function copy<T extends Float32Array | Int32Array>(name: string, from: T, to: T): void {
  if (from?.length !== to.length) {
    throw new RangeError(`${name} in the state has ${from?.length} numbers; its parameters need ${to.length}`);
  }
  to.set(from);
}

/** Parents, boxes and free slots, from the links. */
function rebuildTree(trees: Trees, tree: number): void {
  const { nodes, nodeParents, leafParents, sampleSize } = trees;
  const first = tree * sampleSize;
  const used = new Uint8Array(2 * sampleSize); // nodes, then leaves
  const order: number[] = [];
  if (trees.masses[tree]! > 0) {
    const root = trees.roots[tree]!;
    if (root < 0) leafParents[~root] = none;
    else {
      nodeParents[root] = none;
      order.push(root);
    }
    if (root < 0) used[sampleSize + ~root - first] = 1;
    for (let k = 0; k < order.length; k++) {
      const node = order[k]!;
      used[node - first] = 1;
      for (const child of [nodes[4 * node]!, nodes[4 * node + 1]!]) {
        if (child < 0) {
          leafParents[~child] = node;
          used[sampleSize + ~child - first] = 1;
        } else {
          nodeParents[child] = node;
          order.push(child);
        }
      }
    }
    for (const node of order.reverse()) joinBoxes(trees, node); // children before parents
  }
  trees.freeNodes[tree] = none;
  trees.freeLeaves[tree] = none;
  for (let slot = sampleSize - 1; slot >= 0; slot--) {
    if (used[slot] === 0) {
      nodeParents[first + slot] = trees.freeNodes[tree]!;
      trees.freeNodes[tree] = first + slot;
    }
    if (used[sampleSize + slot] === 0) {
      leafParents[first + slot] = trees.freeLeaves[tree]!;
      trees.freeLeaves[tree] = first + slot;
    }
  }
}
