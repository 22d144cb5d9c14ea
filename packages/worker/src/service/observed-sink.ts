import type { Sink } from '@rowtime/core';
import type { OutputStatus } from './status.ts';

/** What a sink may tell of its deliveries. */
interface Counters {
  readonly retried?: number;
  readonly dead?: number;
  readonly duplicatesPossible?: number;
}

/** A sink, and what it has done. */
export interface ObservedSink {
  readonly sink: Sink;
  status(): OutputStatus;
}

/** Counts what a sink is given and how long it has not delivered it. */
export function observed(stream: string, to: string, sink: Sink, now: () => number): ObservedSink {
  const counters = (sink as { readonly counters?: Counters }).counters;
  let rows = 0;
  /** Since when something waits. */
  let waiting: number | null = null;
  return {
    sink: {
      open: (prepared) => sink.open(prepared),
      write(batch, ...rest) {
        rows += batch.length;
        waiting ??= now();
        sink.write(batch, ...rest);
      },
      get pendingBytes() {
        return sink.pendingBytes;
      },
      advance: (watermark) => sink.advance(watermark),
      prepare: () => sink.prepare(),
      async commit(prepared) {
        await sink.commit(prepared);
        waiting = null;
      },
      close: () => sink.close(),
    },
    status: () => ({
      stream,
      to,
      rows,
      pendingBytes: sink.pendingBytes,
      retried: counters?.retried ?? 0,
      dead: counters?.dead ?? 0,
      duplicatesPossible: counters?.duplicatesPossible ?? 0,
      oldestPendingMs: waiting === null ? 0 : now() - waiting,
    }),
  };
}
