import type { Batch, Schema } from '@rowtime/core';
import { createMirror, type Mirror, type WindowResult } from '@rowtime/mirror';
import { align, type ColumnFlags } from './align.ts';
import { ownRecording, ownRows } from './own-rows.ts';
import type { Place } from './place.ts';
import { type RowReader, readRows } from './read-rows.ts';
import { findRecording } from './recording.ts';

export interface ShadowOptions extends ColumnFlags {
  readonly stream: string;
  readonly schema: Schema;
  readonly recorded: Place;
  /** Of recorded CSV without a header. */
  readonly columns: readonly string[] | null;
  readonly alarmBelow: number | null;
  readonly now: () => number;
  readonly log: ShadowLog;
  /** How long to wait before what failed is tried again, or what has nothing new is looked at. */
  readonly pauseMs?: number;
}

/** What a person should see. The names of a logger's methods. */
export interface ShadowLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What a shadow has seen since it started. */
export interface ShadowStatus {
  readonly stream: string;
  readonly recorded: string;
  /** waiting: nothing recorded is there yet. failed: it compares no more; the log says why. */
  readonly state: 'waiting' | 'comparing' | 'failed';
  /** Of the last windows that were judged, the part of their rows that agrees; null: none was yet. */
  readonly agreement: number | null;
  readonly alarmBelow: number | null;
  readonly isAlarming: boolean;
  /** Of all windows judged. */
  readonly windows: { readonly equal: number; readonly different: number };
  readonly rows: Readonly<Record<RowKind, number>>;
  /** The time of the last window judged: how far the comparison is. */
  readonly judgedTo: number | null;
  readonly errors: number;
  /** Our rows that were not compared, since too many waited. */
  readonly dropped: number;
}

export type RowKind = 'equal' | 'moved' | 'different' | 'onlyRecorded' | 'onlyOurs';

export interface Shadow {
  /** From now on recorded results are read. */
  start(): void;
  /** Rows of our stream. Takes no time of the caller's and never throws. */
  take(batch: Batch): void;
  status(): ShadowStatus;
  close(): Promise<void>;
}

/** How many windows an alarm looks back. */
const recentWindows = 60;
/** Rows of ours that wait to be compared: before anything recorded is there, or while the event loop has other work. */
const waitingRowsMax = 200_000;
const pauseMsDefault = 5_000;

/**
 * Compares results as they come with those that another application delivers, beside a job and never in its way: whatever goes
 * wrong here is logged and counted. A window is judged when rows behind it have come on both sides, so the comparison is as
 * late as the later side; what waits for the other side is bounded, by rows and by windows.
 */
export function shadow(options: ShadowOptions): Shadow {
  const { stream, schema, recorded, now, log, alarmBelow, pauseMs = pauseMsDefault } = options;
  const stop = new AbortController();
  const results = tally();
  let state: ShadowStatus['state'] = 'waiting';
  let [errors, dropped, waitingRows] = [0, 0, 0];
  let waiting: Batch[] = [];
  let isAlarming = false;
  let wake = (): void => {};

  const onWindow = (result: WindowResult): void => {
    results.add(result);
    const agreement = results.agreement();
    if (alarmBelow === null || agreement === null || agreement < alarmBelow === isAlarming) return;
    isAlarming = !isAlarming;
    const fields = {
      stream,
      agreement,
      alarmBelow,
      window: result.window.from === null ? result.window.index : new Date(result.window.from).toISOString(),
    };
    if (isAlarming) log.warn(fields, 'the results differ from the recorded ones');
    else log.info(fields, 'the results agree with the recorded ones again');
  };
  const failed = (error: unknown, message: string): void => {
    errors++;
    log.warn(
      { stream, recorded: recorded.name, reason: error instanceof Error ? error.message : String(error) },
      message,
    );
  };

  /** Sleeps until rows of ours come, or it is time to look again. */
  const idle = (millis: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(done, millis);
      timer.unref();
      function done(): void {
        clearTimeout(timer);
        wake = () => {};
        resolve();
      }
      wake = done;
      if (stop.signal.aborted) done();
    });

  const begin = async (): Promise<{
    mirror: Mirror;
    reader: RowReader;
    rows: (batch: Batch) => ReturnType<ReturnType<typeof ownRows>>;
  }> => {
    const theirs = await findRecording(recorded, options.columns, stop.signal);
    const aligned = align(stream, theirs, ownRecording(recorded, schema), options);
    for (const notice of aligned.notices) log.info({ stream }, notice);
    const reader = await readRows(theirs, {
      columns: aligned.recorded,
      now,
      follow: true,
      listEveryMs: pauseMs,
      onRejected: (message, count) =>
        failed(new Error(message), `${count} recorded records are no rows and not compared`),
    });
    const mirror = createMirror(aligned.settings, onWindow);
    // A call that is made again and again ends with the reader.
    const close = () => void reader.close();
    stop.signal.addEventListener('abort', close);
    try {
      await reader.open();
    } catch (error) {
      await reader.close();
      throw error;
    } finally {
      stop.signal.removeEventListener('abort', close);
    }
    return { mirror, reader, rows: ownRows(schema, aligned.ours) };
  };

  const follow = async ({ mirror, reader, rows }: Awaited<ReturnType<typeof begin>>): Promise<void> => {
    while (!stop.signal.aborted) {
      const batch = waiting.shift();
      if (batch) {
        waitingRows -= batch.length;
        mirror.feed('ours', rows(batch));
        // The job's turn: a backlog of ours is worked off between its polls.
        await new Promise((resolve) => setImmediate(resolve));
      } else if (mirror.wants === 'ours') {
        await idle(pauseMs);
      } else {
        const read = await reader.next(stop.signal).catch((error: unknown) => {
          failed(error, 'recorded results cannot be read; they are looked for again');
          return null;
        });
        if (read && read.rows.length > 0) mirror.feed('recorded', read);
        else await idle(pauseMs);
      }
    }
  };

  const work = async (): Promise<void> => {
    let told = '';
    while (!stop.signal.aborted) {
      const begun = await begin().catch((error: unknown) => {
        // Nothing may be there for a long time: that is said once.
        if (String(error) !== told) failed(error, 'no recorded results can be compared yet');
        told = String(error);
        return null;
      });
      if (!begun) {
        await idle(pauseMs);
        continue;
      }
      state = 'comparing';
      try {
        await follow(begun);
      } finally {
        await begun.reader.close();
      }
    }
  };
  let working: Promise<void> = Promise.resolve();

  return {
    start() {
      working = work().catch((error: unknown) => {
        state = 'failed';
        waiting = [];
        failed(error, 'the comparison with recorded results has ended; the application goes on');
      });
    },
    take(batch) {
      if (state === 'failed' || stop.signal.aborted) return;
      waiting.push(batch);
      waitingRows += batch.length;
      while (waitingRows > waitingRowsMax && waiting.length > 1) {
        const oldest = waiting.shift()!;
        waitingRows -= oldest.length;
        dropped += oldest.length;
      }
      wake();
    },
    status: () => ({
      stream,
      recorded: recorded.name,
      state,
      agreement: results.agreement(),
      alarmBelow,
      isAlarming,
      ...results.counts(),
      errors,
      dropped,
    }),
    async close() {
      stop.abort();
      wake();
      await working;
    },
  };
}

const kinds: readonly RowKind[] = ['equal', 'moved', 'different', 'onlyRecorded', 'onlyOurs'];

/** Counts windows: all of them, and the last ones. */
function tally() {
  const rows = { equal: 0, moved: 0, different: 0, onlyRecorded: 0, onlyOurs: 0 };
  const windows = { equal: 0, different: 0 };
  const recent: WindowResult[] = [];
  let judgedTo: number | null = null;
  return {
    add(result: WindowResult): void {
      for (const kind of kinds) rows[kind] += result[kind];
      windows[result.agreement < 1 ? 'different' : 'equal']++;
      recent.push(result);
      if (recent.length > recentWindows) recent.shift();
      judgedTo = result.window.from ?? judgedTo;
    },
    agreement(): number | null {
      const [all, agreed] = recent.reduce(
        ([all, agreed], result) => [
          all + kinds.reduce((sum, kind) => sum + result[kind], 0),
          agreed + result.equal + result.moved,
        ],
        [0, 0] as readonly [number, number],
      );
      return all === 0 ? null : agreed / all;
    },
    counts: () => ({ rows: { ...rows }, windows: { ...windows }, judgedTo }),
  };
}
