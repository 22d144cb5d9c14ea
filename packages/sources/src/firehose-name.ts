import type { Millis } from '@rowtime/core';
import { daysFromCivil, timeOf } from './decode/datetime.ts';

/** Firehose: `<stream>-<version>-<yyyy>-<MM>-<dd>-<HH>-<mm>-<ss>-<uuid><extension>`. */
const firehoseName = /-(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*$/i;

/** The time in a name of Firehose's layout: when the oldest record of the object arrived. */
export function timeInName(path: string): Millis | null {
  const match = firehoseName.exec(path);
  if (!match) return null;
  const [year, month, day, hours, minutes, seconds] = match.slice(1).map(Number);
  const time = daysFromCivil(year, month, day) * 86_400_000 + timeOf(hours, minutes, seconds, 0);
  return Number.isNaN(time) ? null : time;
}

/** The start of the hour under which Firehose puts an object whatever its name is: `YYYY/MM/DD/HH/`. */
export function hourInPath(path: string): Millis | null {
  const match = /(?:^|\/)(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)\/[^/]*$/.exec(path);
  if (!match) return null;
  const [year, month, day, hours] = match.slice(1).map(Number);
  const time = daysFromCivil(year, month, day) * 86_400_000 + hours * 3_600_000;
  return Number.isNaN(time) ? null : time;
}
