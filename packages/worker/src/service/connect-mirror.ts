import type { Schema } from '@rowtime/core';
import type { Logger } from 'pino';
import { streamIn } from '../application/arn.ts';
import type { MirrorSection, RowtimeSection } from '../application/rowtime-schema.ts';
import { durationOf } from '../duration.ts';
import { CommandError } from '../exit.ts';
import { parseTolerance } from '../mirror/align.ts';
import { type Place, placeOf, streamPlace } from '../mirror/place.ts';
import { type Shadow, shadow } from '../mirror/shadow.ts';
import { bucketConnection, connection } from './aws.ts';

export interface MirrorContext {
  /** What says so in messages. */
  readonly name: string;
  readonly section: MirrorSection;
  readonly rowtime: RowtimeSection;
  readonly streams: readonly { readonly name: string; readonly schema: Schema }[];
  /** The streams whose rows leave the application. */
  readonly outputs: readonly string[];
  readonly now: () => number;
  readonly log: Logger;
}

/** What compares a stream with recorded results while the application runs. Throws what is wrong with the settings. */
export function connectMirror({ name, section, rowtime, streams, outputs, now, log }: MirrorContext): {
  readonly stream: string;
  readonly shadow: Shadow;
} {
  const [only, ...others] = outputs;
  const wanted = section.stream ?? (others.length === 0 ? only : undefined);
  if (wanted === undefined)
    throw new CommandError(`${name}: say which stream is compared, "stream": one of ${outputs.join(', ')}`);
  const stream = streams.find((known) => known.name === wanted);
  if (!stream) {
    const names = streams.map((known) => known.name).join(', ');
    throw new CommandError(`${name}: stream ${wanted}: the program has no such stream; it has ${names}`);
  }
  return {
    stream: wanted,
    shadow: shadow({
      stream: wanted,
      schema: stream.schema,
      recorded: recordedPlace(section.recorded, rowtime),
      columns: section.columns ?? null,
      key: section.key ?? null,
      time: section.time ?? null,
      windowMillis: section.window === undefined ? null : durationOf(section.window),
      scores: section.scores ?? null,
      seeded: false,
      ignored: section.ignore ?? [],
      tolerances: (section.tolerance ?? []).map(parseTolerance),
      alarmBelow: section.alarmBelow ?? null,
      now,
      log,
    }),
  };
}

/** A folder, a bucket under a prefix, or a data stream. */
function recordedPlace(recorded: string, rowtime: RowtimeSection): Place {
  const stream = streamIn(recorded);
  if (stream === null) return placeOf(recorded, bucketConnection(rowtime));
  return streamPlace(recorded, stream, (region) => connection(rowtime, 'kinesis', region));
}
