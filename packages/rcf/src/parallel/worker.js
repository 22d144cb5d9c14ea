// A thread of a ParallelForest: pushes the rows of each block through its trees. Plain JavaScript, so that Node can
// start it from the sources as well.

import { parentPort, workerData } from 'node:worker_threads';
import { instantiate } from '../wasm/instantiate.js';

/** @type {import('./engine.ts').WorkerTask} */
const { module, memory, state, block, sequence, control, treeFrom, treeTo, parts, partStride } = workerData;
const kernel = instantiate(module, memory, state);

Atomics.store(control, 0, 1);
parentPort?.postMessage('ready');
for (let turn = 0; ; ) {
  // A block follows the last one closely, or it is worth the while to sleep.
  for (let i = 0; i < 2000 && Atomics.load(control, 1) === turn; i++);
  Atomics.wait(control, 1, turn);
  turn = Atomics.load(control, 1);
  kernel.push(treeFrom, treeTo, block[0], block[1], sequence[0], parts, partStride);
  Atomics.store(control, 2, turn);
  Atomics.notify(control, 2);
}
