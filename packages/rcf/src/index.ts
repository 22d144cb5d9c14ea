export type { Attribution } from './attribution.ts';
export { RandomCutForest } from './forest.ts';
export type { EngineChoice, ForestOptions, ForestParameters } from './parameters.ts';
export type { ForestState } from './snapshot.ts';
export type { ThresholdedOptions, ThresholdedSettings, ThresholdedState, Verdict } from './thresholded.ts';
export { ThresholdedForest } from './thresholded.ts';
export type { TransformMethod } from './transform.ts';
