import type { StateChange, StateUnit } from '@rowtime/core';
import { planDifference } from './plan-difference.ts';

/** What became of the state in a checkpoint when its program was changed, in lines for people and logs. */
export interface PrintedChange {
  readonly changed: readonly string[];
  readonly kept: readonly string[];
  readonly lost: readonly string[];
  /** Outputs that are gone. */
  readonly published: readonly string[];
}

export function printedChange({ saved, current, kept, lost, retired, inputs }: StateChange): PrintedChange {
  const changed = planDifference(saved, current);
  // With another input nothing is looked at any further.
  if (inputs.length > 0) return { changed, kept: [], lost: [], published: [] };
  return {
    changed: changed.length === 0 && lost.some(({ owner }) => owner !== 'output') ? [otherwise] : changed,
    kept: kept.map(printUnit),
    lost: lost.map((unit) => `${printUnit(unit)} (${unit.why})`),
    published: retired.map((name) => `output ${name}: what it has left`),
  };
}

const otherwise = 'nothing in the program: this rowtime plans it otherwise than the one that took the checkpoint';

/** One line each, under a word for what becomes of it. */
export function linesOf({ changed, kept, lost, published }: PrintedChange): string[] {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  return [
    ...section('changed:', changed),
    ...section('keeps:', kept),
    ...section('publishes:', published),
    ...section('loses:', lost),
  ];
}

/** "pump STREAM_PUMP: tumbling window of 1 minute, 52 keys open"; without what is empty. */
export function printUnit({ owner, what, remembers }: StateUnit): string {
  const words = [what, remembers].filter((word) => word !== '');
  return words.length === 0 ? owner : `${owner}: ${words.join(', ')}`;
}
