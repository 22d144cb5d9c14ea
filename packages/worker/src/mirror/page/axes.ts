/** From values to places on a picture. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

export function scale(from: number, to: number, start: number, end: number): Scale {
  const span = to - from || 1;
  return { from, to, at: (value) => start + ((value - from) / span) * (end - start) };
}

/** Round values in [from, to], about `count` of them. */
export function ticks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  return multiples(from, to, step);
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 28, 91, 364, 3_640].map((n) => n * day),
];

/** Full minutes, hours or days in [from, to], at most `count` of them. */
export function timeTicks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const step = timeSteps.find((one) => (to - from) / one <= count) ?? timeSteps.at(-1)!;
  return multiples(from, to, step);
}

/** A time as an axis shows it: as much of it as changes within the span. */
export function timeText(time: number, span: number): string {
  const iso = new Date(time).toISOString();
  if (span > 2 * day) return iso.slice(0, 10);
  if (span > day / 2) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
  return span > 5 * minute ? iso.slice(11, 16) : iso.slice(11, 19);
}

// Counted, not added up: 0.1 + 0.2 is no place for a tick.
function multiples(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(Math.min(digits, 20))));
}
