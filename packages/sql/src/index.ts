export type { Application, CompileOptions } from './application.ts';
export { compile, parseType, schemaFrom } from './application.ts';
export type { SqlErrorCode } from './errors.ts';
export { frame, SqlError, sqlErrorCodes } from './errors.ts';
export { streamsRead } from './instantiate.ts';
export type { PlanNode, PumpPlan } from './plan.ts';
