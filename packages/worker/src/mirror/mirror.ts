import { writeFileSync } from 'node:fs';
import { CommandError, exitCodes } from '../exit.ts';
import { painter } from '../paint.ts';
import { formatDuration, formatRate, StatusLine } from '../status-line.ts';
import { stopSignal } from '../stop-signal.ts';
import type { ColumnFlags } from './align.ts';
import { compareStream, type Progress, type StreamResult } from './compare-stream.ts';
import { isProgram, ownResults, type ProgramFlags } from './own-results.ts';
import { placeOf, streamsAt } from './place.ts';
import { pairsOf } from './streams.ts';
import { summaryLines } from './summary.ts';
import { verdictOf } from './verdict.ts';

export interface MirrorOptions extends ColumnFlags, ProgramFlags {
  readonly recorded: string;
  readonly ours: string;
  readonly stream: string | null;
  /** Of recorded CSV without a header. */
  readonly columns: readonly string[] | null;
  readonly json: boolean;
  /** A file for the page. */
  readonly html: string | null;
  readonly version: string;
}

/** `rowtime mirror`: what the old application delivered beside what rowtime makes of the same input. */
export async function mirror(options: MirrorOptions): Promise<void> {
  const now = Date.now;
  // As for a service: what the next year's SDK wants is nothing for the person who compares.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const stop = stopSignal();
  try {
    await compareWhole(options, stop.signal, now);
  } finally {
    stop.release();
  }
}

async function compareWhole(options: MirrorOptions, signal: AbortSignal, now: () => number): Promise<void> {
  const started = now();
  const recorded = placeOf(options.recorded, options.s3);
  const recordedStreams = await streamsAt(recorded);
  const wanted = options.stream !== null ? [options.stream] : recordedStreams === null ? null : ['all'];
  const own = isProgram(options.ours)
    ? await ownResults(options.ours, wanted, options)
    : { place: placeOf(options.ours, options.s3), notices: [], release: () => {} };
  const status = new StatusLine(now);
  try {
    // The run has heard the signal as well, and what it has so far is not all of ours.
    if (signal.aborted) throw new CommandError('stopped: nothing was compared', exitCodes.interrupted);
    const { pairs, notices } = await pairsOf(recorded, own.place, options.stream, isProgram(options.ours));
    const streams: StreamResult[] = [];
    for (const pair of pairs) {
      const result = await compareStream(pair, {
        ...options,
        now,
        signal,
        onProgress: (progress) => status.show(() => progressText(progress, now() - started)),
      });
      // What it was made from tells more than the folder that is gone after this.
      streams.push(
        isProgram(options.ours) ? { ...result, ours: `${options.ours} over ${options.input?.join(', ')}` } : result,
      );
    }
    status.clear();
    const verdict = verdictOf(streams);
    const all = [...own.notices, ...notices];
    if (options.html !== null) {
      const { page } = await import('./page/page.ts');
      const made = { version: options.version, time: now() };
      writeFileSync(options.html, page({ verdict, streams, notices: all, made }));
    }
    const paint = painter(process.stdout);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ verdict, streams, notices: all }, digits, 2)}\n`
        : `${summaryLines({ verdict, streams, notices: all }, paint).join('\n')}\n`,
    );
    if (options.html !== null) process.stderr.write(`the page is in ${options.html}\n`);
    process.exitCode = verdict === 'agree' || verdict === 'explained' ? exitCodes.done : exitCodes.differs;
  } finally {
    status.clear();
    own.release();
  }
}

/** An exact number that JSON's numbers do not hold is its digits, as text. */
function digits(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

const barLength = 24;

function progressText({ stream, rows, part }: Progress, millis: number): string {
  const full = Math.round(Math.min(part, 1) * barLength);
  return `${stream} [${'#'.repeat(full).padEnd(barLength, '.')}] ${rows.toLocaleString('en')} rows, ${formatDuration(millis)}, ${formatRate(rows, millis)}`;
}
