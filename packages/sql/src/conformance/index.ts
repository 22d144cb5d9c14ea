export type { ConformanceCase } from './case.ts';
export { parseCase } from './case.ts';
export type { RecordDecoder, RunOptions } from './run.ts';
export { runCase } from './run.ts';
