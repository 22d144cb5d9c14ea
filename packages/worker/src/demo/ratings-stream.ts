import type { Millis, Source } from '@rowtime/core';
import { Ratings, ratingJson } from '@rowtime/examples/captains';
import type { ObjectWriter } from '@rowtime/sinks/objects';
import { discoverSchema } from '@rowtime/sources/discover';
import { createJsonDecoder } from '@rowtime/sources/json';

export interface RatingsStreamOptions {
  readonly seed: number;
  /** Ratings per second of the demo's time. */
  readonly rate: number;
  /** The demo's time passes this much faster than `now`. */
  readonly speed: number;
  /** The demo's time of the first rating. */
  readonly start: Millis;
  /** The wall clock. */
  readonly now: () => Millis;
  /** Where the delivery stream lands the records, as they are. */
  readonly landing: Pick<ObjectWriter, 'append'>;
}

/** The number of ratings that were sent. */
type Position = number;

/** The tutorial's script and the delivery stream behind it, in one: ratings are sent on time, land in the bucket, and
 *  feed the application. A rating depends on the seed and its number only, so a run that died repeats what it had not
 *  checkpointed, with the same times. */
export function ratingsStream({ seed, rate, speed, start, now, landing }: RatingsStreamOptions): Source<Position> {
  const ratings = new Ratings(seed);
  const sentAt = (index: number): Millis => start + Math.floor((index * 1_000) / rate);
  const columns = discoverSchema(Array.from({ length: sampleSize }, (_, i) => ratings.at(i, sentAt(i))));
  const decoder = createJsonDecoder({ columns });
  let index = 0;
  let opened = { wall: 0, time: start };
  return {
    schema: decoder.schema,
    async open(position) {
      index = position ?? 0;
      opened = { wall: now(), time: sentAt(index) };
      decoder.begin(0, 'captains-kfh');
    },
    async poll(signal) {
      const due = dueBy(opened.time + (now() - opened.wall) * speed);
      if (due <= index) await pause(idleMs, signal);
      const to = Math.min(due, index + batchRows);
      for (; index < to; index++) {
        const time = sentAt(index);
        const record = Buffer.from(ratingJson(ratings.at(index, time)));
        landing.append(record, time);
        decoder.push(record);
        decoder.decode(time, Number.POSITIVE_INFINITY);
      }
      return { ...decoder.take(), caughtUpTo: sentAt(index), end: false };
    },
    position: () => index,
    async close() {},
  };

  function dueBy(time: Millis): number {
    return Math.floor(((time - start) * rate) / 1_000) + 1;
  }
}

const sampleSize = 1_000;
const batchRows = 4_096;
const idleMs = 20;

function pause(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal.addEventListener('abort', done);
  });
}
