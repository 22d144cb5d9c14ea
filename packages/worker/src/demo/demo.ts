import { relative } from 'node:path';
import { arrivalClock, type Progress, run } from '@rowtime/core';
import { popularCaptains, ratingAnomaly } from '@rowtime/examples/captains';
import { fileSink } from '@rowtime/sinks/file';
import { ObjectWriter } from '@rowtime/sinks/objects';
import { stdoutSink } from '@rowtime/sinks/stdout';
import { compile } from '@rowtime/sql';
import { checkpointFiles } from '../checkpoint-files.ts';
import { type OutputStream, outputStreams } from '../outputs.ts';
import { standardOutput } from '../standard-output.ts';
import { formatDuration, formatRate, StatusLine } from '../status-line.ts';
import { stopSignal } from '../stop-signal.ts';
import { closeFolder, type DemoFolder, openFolder } from './folder.ts';
import { ratingsStream } from './ratings-stream.ts';
import { anomalies, leaderboards, type ShownRow, styles, time, viewSink } from './view.ts';

export interface DemoOptions {
  readonly speed: number;
  readonly rate: number;
  /** Seconds of wall time; null: until it is stopped. */
  readonly duration: number | null;
  readonly seed: number;
  readonly json: boolean;
  readonly dir: string;
}

const sourceStream = 'SOURCE_SQL_STREAM_001';
const deliveryStream = 'captains-kfh';
const checkpointEveryMs = 1_000;

/** The tutorial from end to end: ratings into a delivery stream, which lands them in a bucket and feeds both programs. */
export async function demo(options: DemoOptions): Promise<void> {
  const now = Date.now;
  const { seed, rate, speed, json } = options;
  const folder = openFolder(options.dir, { seed, rate }, now());
  // Firehose's smallest buffer: an object is delivered at 1 MiB or after 60 seconds.
  const landing = new ObjectWriter({
    folder: folder.bucket,
    stream: deliveryStream,
    bufferBytes: 1 << 20,
    bufferMs: 60_000,
  });
  const source = ratingsStream({ seed, rate, speed, start: folder.start, now, landing });
  const application = compile(`${popularCaptains}\n${ratingAnomaly}`, {
    inputs: { [sourceStream]: source.schema },
    seed,
  });
  const outputs = outputStreams(application, null);
  const stop = stopSignal();
  const print = standardOutput(stop.stop);
  const status = new StatusLine(now);
  const shown = { minutes: 0 };
  const views = json
    ? outputs.map(({ name, schema }) => ({ stream: name, sink: stdoutSink({ stream: name, schema, write: print }) }))
    : viewsOf(outputs, shown, (text) => {
        status.clear();
        void print(text);
      });
  const files = outputs.map(({ name, schema }) => ({
    stream: name,
    sink: fileSink({
      folder: `${folder.bucket}/results`,
      stream: name,
      schema,
      bufferBytes: 1 << 20,
      bufferMs: 60_000,
    }),
  }));

  if (!json) introduce(folder, options);
  const started = now();
  let checkpointed = started;
  const releaseKeys = stopOnAnyKey(stop.stop);
  const timer = options.duration === null ? null : setTimeout(stop.stop, options.duration * 1_000);
  try {
    const progress = await run(
      {
        source,
        stream: sourceStream,
        clock: arrivalClock(),
        graph: application.graph(),
        sinks: [...files, ...views],
        participants: [landing],
        store: checkpointFiles(folder.checkpoints),
        checkpointDue: () => {
          if (now() - checkpointed < checkpointEveryMs) return false;
          checkpointed = now();
          return true;
        },
        publishOnStop: true,
        onProgress: (current) => status.show(() => statusText(current, shown.minutes, now() - started)),
      },
      stop.signal,
    );
    closeFolder(folder);
    status.clear();
    if (!json) summarise(folder, progress, shown.minutes, now() - started);
  } finally {
    if (timer) clearTimeout(timer);
    releaseKeys();
    stop.release();
    status.clear();
  }
}

function viewsOf(outputs: readonly OutputStream[], shown: { minutes: number }, print: (text: string) => void) {
  const style = styles(process.stdout);
  const show: Record<string, (rows: readonly ShownRow[]) => void> = {
    CAPTAIN_SCORES(rows) {
      shown.minutes += new Set(rows.map(({ rowtime }) => rowtime)).size;
      print(leaderboards(rows, style));
    },
    ORDERED_ANOMALY_STREAM: (rows) => print(anomalies(rows, style)),
    error_stream: (rows) =>
      print(rows.map(({ row }) => `error_stream  ${row['ERROR_NAME']}: ${row['MESSAGE']}\n`).join('')),
  };
  return outputs.map(({ name, schema }) => ({ stream: name, sink: viewSink(schema, (rows) => show[name]?.(rows)) }));
}

function introduce({ interrupted, bucket }: DemoFolder, { rate, speed, duration }: DemoOptions): void {
  const end =
    duration === null
      ? process.stdin.isTTY
        ? 'any key stops it'
        : 'Ctrl-C stops it'
      : `for ${formatDuration(duration * 1_000)}`;
  process.stdout.write(
    `${interrupted ? 'Going on with the run that was cut off' : 'Captains'}: ${rate} ratings a second at ${speed} times the speed of time, into ${relative('.', bucket) || '.'}; ${end}.\n`,
  );
}

function statusText({ rows, watermark, checkpoints }: Progress, minutes: number, millis: number): string {
  const at = Number.isFinite(watermark) ? time(watermark) : '--:--:--';
  return `${formatRate(rows, millis)} | watermark ${at} | ${minutes} windows | ${checkpoints} checkpoints`;
}

function summarise(
  { bucket }: DemoFolder,
  { rows, rejected, checkpoints }: Progress,
  minutes: number,
  millis: number,
): void {
  const path = relative('.', bucket) || '.';
  process.stdout.write(
    `\n${rows.toLocaleString('en')} ratings in ${formatDuration(millis)} (${formatRate(rows, millis)}), ${minutes} minutes closed, ${rejected} records to error_stream, ${checkpoints} checkpoints.
The ratings lie in ${path}/YYYY/MM/DD/HH/, the results in ${path}/results/.\n`,
  );
}

/** As the tutorial's script did. Without a terminal standard input is left alone. */
function stopOnAnyKey(stop: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  stdin.setRawMode(true);
  stdin.resume();
  stdin.once('data', stop);
  return () => {
    stdin.setRawMode(false);
    stdin.off('data', stop);
    stdin.pause();
  };
}
