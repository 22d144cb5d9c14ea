export type { ParallelOptions } from './forest.ts';
export { ParallelForest } from './forest.ts';
