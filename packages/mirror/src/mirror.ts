import type { Report, WindowResult } from './report.ts';
import type { MirrorSettings, RowBatch, Side } from './settings.ts';

/**
 * A comparison under way. Rows of both sides are fed as they come, in any interleaving; what is held back waiting for the
 * other side is bounded, so a caller that can choose feeds the side that `wants` names. Never throws for what rows hold.
 */
export interface Mirror {
  feed(side: Side, batch: RowBatch): void;
  /** No more rows of this side. The rows that waited for them are judged. */
  end(side: Side): void;
  /** The side to feed next; null when both have ended. Feeding always the other one makes the limits bite. */
  readonly wants: Side | null;
  /** What is known now. Windows that still wait for the other side or for their neighbour are not in it. */
  report(): Report;
}

/** Starts a comparison. Throws a MirrorError if the settings name a column that is not there, or contradict each other. */
export function createMirror(settings: MirrorSettings, onWindow: (result: WindowResult) => void = () => {}): Mirror {
  throw new Error(`not here yet: ${settings.stream} ${onWindow.name}`);
}

/** Compares two recordings from their first row to their last, in memory that does not grow with them. */
export async function compare(
  recorded: Iterable<RowBatch> | AsyncIterable<RowBatch>,
  ours: Iterable<RowBatch> | AsyncIterable<RowBatch>,
  settings: MirrorSettings,
  onWindow: (result: WindowResult) => void = () => {},
): Promise<Report> {
  const mirror = createMirror(settings, onWindow);
  const sides = { recorded: iterate(recorded), ours: iterate(ours) };
  try {
    for (let side = mirror.wants; side !== null; side = mirror.wants) {
      const next = await sides[side].next();
      if (next.done) mirror.end(side);
      else mirror.feed(side, next.value);
    }
  } finally {
    // Not for those that have ended: they do nothing then.
    await sides.recorded.return?.();
    await sides.ours.return?.();
  }
  return mirror.report();
}

function iterate(rows: Iterable<RowBatch> | AsyncIterable<RowBatch>): AsyncIterator<RowBatch> | Iterator<RowBatch> {
  return Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
}
