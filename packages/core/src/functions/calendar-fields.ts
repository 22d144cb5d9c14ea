import type { Millis } from '../batch.ts';

export type FieldName =
  | 'era'
  | 'year'
  | 'weekYear'
  | 'month'
  | 'weekOfYear'
  | 'weekOfMonth'
  | 'dayOfYear'
  | 'day'
  | 'dayOfWeekInMonth'
  | 'dayOfWeek'
  | 'half'
  | 'hour'
  | 'hourOfDay'
  | 'minute'
  | 'second'
  | 'millisecond'
  /** Milliseconds that local time is ahead of UTC. */
  | 'zoneOffset';

/** The fields of a date, set one by one, as in Java's GregorianCalendar: months from 0, Sunday is the day of week 0, eras
 *  are 0 for BC and 1 for AD. What was not set is that of 1970-01-01 00:00:00. Of fields that say the same thing in
 *  different ways, the ones set last count. */
export class CalendarFields {
  readonly #values = new Map<FieldName, number>();
  /** When a field was last set: 1 for the first call. */
  readonly #stamps = new Map<FieldName, number>();
  #calls = 0;

  set(field: FieldName, value: number): void {
    this.#values.set(field, value);
    this.#stamps.set(field, ++this.#calls);
  }

  /** NaN if a field is out of its range, or contradicts another. `lenient`: it carries over to the next larger field. */
  instant(lenient: boolean): Millis {
    const date = this.#date(lenient);
    const local = date + this.#timeOfDay();
    if (!(Math.abs(local) <= dateMax)) return Number.NaN;
    if (!lenient) {
      const actual = new Date(local);
      // A week date replaces the other fields of the date, whatever they say.
      const checked = this.#hasWeekYear() ? timeReaders : { ...dateReaders, ...timeReaders };
      for (const [field, value] of this.#values) {
        const read = checked[field];
        if (read && read(actual) !== value) return Number.NaN;
      }
      if (this.#get('year', 1) < 1) return Number.NaN;
    }
    return local - this.#get('zoneOffset', 0);
  }

  #hasWeekYear(): boolean {
    return this.#stamp('weekYear') > this.#stamp('year');
  }

  #get(field: FieldName, otherwise: number): number {
    return this.#values.get(field) ?? otherwise;
  }

  #stamp(field: FieldName): number {
    return this.#stamps.get(field) ?? 0;
  }

  /** When a field took effect that needs another one beside it: 0 while one of them is missing. */
  #stampOfBoth(a: FieldName, b: FieldName): number {
    const [x, y] = [this.#stamp(a), this.#stamp(b)];
    return x > 0 && y > 0 ? Math.max(x, y) : 0;
  }

  // GregorianCalendar.computeTime: midnight of the day.
  #date(lenient: boolean): Millis {
    if (this.#hasWeekYear()) return this.#dateOfWeekYear(lenient);
    const era = this.#get('era', 1);
    const year = era === 0 ? 1 - this.#get('year', 1970) : this.#get('year', 1970);
    const way = this.#wayToDay();
    if (way === 'dayOfYear') return addDays(startOfMonth(year, 0), this.#get('dayOfYear', 1) - 1);
    if (way === 'weekOfYear') {
      return this.#inWeeks(startOfMonth(year, 0), this.#get('weekOfYear', 1));
    }
    const start = startOfMonth(year, this.#get('month', 0));
    if (way === 'weekOfMonth') return this.#inWeeks(start, this.#get('weekOfMonth', 1));
    if (way === 'dayOfWeekInMonth') {
      const week = this.#get('dayOfWeekInMonth', 1);
      const day = this.#get('dayOfWeek', 0);
      if (week >= 0) return onOrBefore(addDays(start, 7 * week - 1), day);
      const end = startOfMonth(year, this.#get('month', 0) + 1);
      return onOrBefore(addDays(end, 7 * (week + 1) - 1), day);
    }
    return addDays(start, this.#get('day', 1) - 1);
  }

  // GregorianCalendar.selectFields: which of the ways to name a day was completed last.
  #wayToDay(): 'day' | 'weekOfMonth' | 'dayOfWeekInMonth' | 'dayOfYear' | 'weekOfYear' {
    const day = this.#stamp('day');
    const dayOfWeek = this.#stamp('dayOfWeek');
    let inMonth = this.#stampOfBoth('weekOfMonth', 'dayOfWeek');
    let nth = this.#stampOfBoth('dayOfWeekInMonth', 'dayOfWeek');
    let inYear = this.#stampOfBoth('weekOfYear', 'dayOfWeek');
    const ofYear = this.#stamp('dayOfYear');
    let best = Math.max(day, inMonth, nth, ofYear, inYear);
    if (best === 0) {
      inMonth = this.#stamp('weekOfMonth');
      nth = Math.max(this.#stamp('dayOfWeekInMonth'), dayOfWeek);
      inYear = this.#stamp('weekOfYear');
      best = Math.max(inMonth, nth, inYear);
      if (best === 0) return 'day';
    }
    if (best === day) return 'day';
    const weekOfYear = this.#stamp('weekOfYear');
    const byMonth = best === inMonth && this.#stamp('weekOfMonth') >= weekOfYear;
    const byNth = best === nth && this.#stamp('dayOfWeekInMonth') >= weekOfYear;
    if (byMonth || byNth) {
      if (inMonth === nth)
        return this.#stamp('weekOfMonth') >= this.#stamp('dayOfWeekInMonth') ? 'weekOfMonth' : 'dayOfWeekInMonth';
      return best === inMonth ? 'weekOfMonth' : 'dayOfWeekInMonth';
    }
    return best === ofYear ? 'dayOfYear' : 'weekOfYear';
  }

  /** The day of week in week `week` of the month or year that begins at `start`. */
  #inWeeks(start: Millis, week: number): Millis {
    return addDays(onOrBefore(start, 0), 7 * (week - 1) + this.#get('dayOfWeek', 0));
  }

  #dateOfWeekYear(lenient: boolean): Millis {
    const [year, week] = [this.#get('weekYear', 1970), this.#get('weekOfYear', 1)];
    const date = this.#inWeeks(startOfMonth(year, 0), week);
    return lenient || (weekYear(date) === year && weekNumber(date) === week) ? date : Number.NaN;
  }

  #timeOfDay(): Millis {
    return (
      this.#hours() * 3_600_000 +
      this.#get('minute', 0) * 60_000 +
      this.#get('second', 0) * 1_000 +
      this.#get('millisecond', 0)
    );
  }

  #hours(): number {
    const ofDay = this.#stamp('hourOfDay');
    const ofHalf = this.#stampOfBoth('hour', 'half');
    if (ofDay > 0 && ofDay >= ofHalf) return this.#get('hourOfDay', 0);
    return this.#get('hour', 0) + 12 * this.#get('half', 0);
  }
}

// The largest distance from 1970 that a Date can hold.
const dateMax = 8.64e15;

type Readers = Readonly<Partial<Record<FieldName, (date: Date) => number>>>;

/** What a calendar shows of each field once it knows the instant. */
const dateReaders: Readers = {
  era: (date) => (date.getUTCFullYear() > 0 ? 1 : 0),
  year: (date) => (date.getUTCFullYear() > 0 ? date.getUTCFullYear() : 1 - date.getUTCFullYear()),
  month: (date) => date.getUTCMonth(),
  weekOfYear: (date) => weekNumber(date.getTime()),
  weekOfMonth: (date) => {
    const first = dayOfWeek(addDays(date.getTime(), 1 - date.getUTCDate()));
    return Math.floor((date.getUTCDate() - 1 + first) / 7) + 1;
  },
  dayOfYear: (date) => dayOfYear(date.getTime()),
  day: (date) => date.getUTCDate(),
  dayOfWeekInMonth: (date) => Math.ceil(date.getUTCDate() / 7),
  dayOfWeek: (date) => date.getUTCDay(),
};

const timeReaders: Readers = {
  half: (date) => (date.getUTCHours() < 12 ? 0 : 1),
  hour: (date) => date.getUTCHours() % 12,
  hourOfDay: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
  millisecond: (date) => date.getUTCMilliseconds(),
};

const day = 86_400_000;

export function addDays(t: Millis, days: number): Millis {
  return t + days * day;
}

export function dayOfWeek(t: Millis): number {
  return new Date(t).getUTCDay();
}

/** 1 for the first of January. */
export function dayOfYear(t: Millis): number {
  return Math.floor((t - startOfMonth(new Date(t).getUTCFullYear(), 0)) / day) + 1;
}

/** The week of the year, by US rules: weeks begin on Sunday, and the first is the one with the first of January. */
export function weekNumber(t: Millis): number {
  return Math.round((onOrBefore(startOfDay(t), 0) - firstWeek(weekYear(t))) / (7 * day)) + 1;
}

/** The year that the week of t belongs to. */
export function weekYear(t: Millis): number {
  const year = new Date(t).getUTCFullYear();
  return startOfDay(t) >= firstWeek(year + 1) ? year + 1 : year;
}

function firstWeek(year: number): Millis {
  return onOrBefore(startOfMonth(year, 0), 0);
}

function startOfMonth(year: number, month: number): Millis {
  const date = new Date(0);
  return date.setUTCFullYear(year, month, 1);
}

/** The last day of week `weekday` that is not after t, a midnight. */
function onOrBefore(t: Millis, weekday: number): Millis {
  return addDays(t, -((((dayOfWeek(t) - weekday) % 7) + 7) % 7));
}

function startOfDay(t: Millis): Millis {
  return Math.floor(t / day) * day;
}
