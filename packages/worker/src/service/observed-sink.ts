import type { Sink } from '@rowtime/core';
import type { OutputStatus } from './status.ts';

/** What a sink may tell of its deliveries: SinkCounters of @rowtime/sinks. */
interface Counters {
  readonly recordsRetried: number;
  readonly recordsDead: number;
  readonly duplicatesPossible: number;
  readonly oldestUnackedMs: number;
}

/** A sink, and what it has done. */
export interface ObservedSink {
  readonly sink: Sink;
  status(): OutputStatus;
}

/** Counts what a sink is given and how long it has not delivered it. `expectHeld` throws when another worker may run the
 *  application: sinks send what they are given, before and in `prepare`. */
export function observed(
  stream: string,
  to: string,
  sink: Sink,
  now: () => number,
  expectHeld: () => void = () => {},
): ObservedSink {
  const counters = (): Counters | undefined => (sink as { readonly counters?: Counters }).counters;
  let rows = 0;
  /** Since when something waits. */
  let waiting: number | null = null;
  return {
    sink: {
      ...(sink.local && { local: sink.local }),
      open: (prepared) => sink.open(prepared),
      write(batch, ...rest) {
        expectHeld();
        rows += batch.length;
        waiting ??= now();
        sink.write(batch, ...rest);
      },
      get pendingBytes() {
        return sink.pendingBytes;
      },
      advance: (watermark) => sink.advance(watermark),
      async prepare() {
        expectHeld();
        return sink.prepare();
      },
      async commit(prepared) {
        await sink.commit(prepared);
        waiting = null;
      },
      close: () => sink.close(),
    },
    status() {
      const counted = counters();
      return {
        stream,
        to,
        rows,
        pendingBytes: sink.pendingBytes,
        retried: counted?.recordsRetried ?? 0,
        dead: counted?.recordsDead ?? 0,
        duplicatesPossible: counted?.duplicatesPossible ?? 0,
        oldestPendingMs: counted?.oldestUnackedMs ?? (waiting === null ? 0 : now() - waiting),
      };
    },
  };
}
