import { compare, MirrorError, type Report, type RowBatch } from '@rowtime/mirror';
import { CommandError, exitCodes } from '../exit.ts';
import { align, type ColumnFlags } from './align.ts';
import type { ObjectPlace } from './place.ts';
import { type AlignedColumn, readRows } from './read-rows.ts';
import { findRecording, type Recording } from './recording.ts';
import type { Pair } from './streams.ts';

export interface CompareOptions extends ColumnFlags {
  /** Of recorded CSV without a header. */
  readonly columns: readonly string[] | null;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly stream: string;
  /** Of both sides. */
  readonly rows: number;
  /** How much of what is to be read was begun: 0 to 1. */
  readonly part: number;
}

/** One stream of both sides, compared. */
export interface StreamResult {
  readonly report: Report;
  readonly recorded: string;
  readonly ours: string;
  readonly notices: readonly string[];
}

/** Reads both sides of a stream, side by side, and compares them in memory that does not grow with them. */
export async function compareStream({ stream, recorded, ours }: Pair, options: CompareOptions): Promise<StreamResult> {
  const sides = [await findRecording(recorded, options.columns), await findRecording(ours, null)] as const;
  const aligned = align(stream, ...sides, options);
  const rejected = new Map<string, { count: number; first: string }>();
  const bytesAll = (await bytesAt(recorded)) + (await bytesAt(ours));
  let [rows, bytes] = [0, 0];
  const rowsOf = async function* (side: Recording, columns: readonly AlignedColumn[]): AsyncGenerator<RowBatch> {
    const reader = await readRows(side, {
      columns,
      now: options.now,
      follow: false,
      onRejected: (message, count) => {
        const before = rejected.get(side.place.name);
        rejected.set(side.place.name, { count: (before?.count ?? 0) + count, first: before?.first ?? message });
      },
      onObject: ({ size }) => {
        bytes += size;
      },
    });
    try {
      await reader.open();
      for (let batch = await reader.next(options.signal); batch !== null; batch = await reader.next(options.signal)) {
        if (options.signal.aborted)
          throw new CommandError('stopped: nothing is said of what was compared so far', exitCodes.interrupted);
        rows += batch.rows.length;
        options.onProgress({ stream, rows, part: bytesAll === 0 ? 1 : bytes / bytesAll });
        if (batch.rows.length > 0) yield batch;
      }
    } finally {
      await reader.close();
    }
  };
  const report = await compare(
    rowsOf(sides[0], aligned.recorded),
    rowsOf(sides[1], aligned.ours),
    aligned.settings,
  ).catch((error: unknown) => {
    if (error instanceof MirrorError) throw new CommandError(error.message, exitCodes.usage);
    throw error;
  });
  const unread = [...rejected].map(
    ([name, { count, first }]) =>
      `${count.toLocaleString('en')} records of ${name} are no rows and not compared; the first: ${first}`,
  );
  return { report, recorded: recorded.name, ours: ours.name, notices: [...aligned.notices, ...unread] };
}

async function bytesAt(place: ObjectPlace): Promise<number> {
  const store = await place.open();
  let bytes = 0;
  try {
    for (let after = '', isOver = false; !isOver; ) {
      const { entries, isLast } = await store.list(after);
      for (const { size } of entries) bytes += size;
      after = entries.at(-1)?.key ?? after;
      isOver = isLast;
    }
    return bytes;
  } finally {
    store.close();
  }
}
