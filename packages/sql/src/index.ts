export type { Application, Checked, CompileOptions } from './application.ts';
export { check, compile, parseType, schemaFrom } from './application.ts';
export type { ReferenceTable } from './catalog.ts';
export type { SqlErrorCode } from './errors.ts';
export { frame, SqlError, sqlErrorCodes } from './errors.ts';
export { format } from './format/format.ts';
export { streamsRead } from './instantiate.ts';
export type { PlanNode, PumpPlan } from './plan.ts';
export { placeOf } from './source-text.ts';
