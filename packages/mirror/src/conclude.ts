import type { Layout } from './layout.ts';
import type { Finding, FindingKind, Report, RowCounts, ScoreReport, TimeShift, Verdict } from './report.ts';
import type { Side } from './settings.ts';
import type { Tally } from './tally.ts';

interface Found {
  readonly layout: Layout;
  readonly tally: Tally;
  readonly scores: readonly ScoreReport[];
  readonly read: Readonly<Record<Side, number>>;
  readonly shift: number | null;
  readonly windowMillis: number | null;
  readonly windowInferred: boolean;
}

/** What all that was counted comes to. */
export function reportOf({ layout, tally, scores, read, shift, windowMillis, windowInferred }: Found): Report {
  const rows = rowCounts(tally, read);
  const found: Concluded = {
    rows,
    scores,
    shift: shift === null || shift === 0 ? null : timeShift(shift),
    tally,
    layout,
  };
  const findings = findingsOf(found);
  const verdict = verdictOf(found, findings);
  const explained = rows.equal + rows.moved;
  return {
    stream: layout.stream,
    columns: layout.columns,
    key: layout.key.map((at) => layout.columns[at]!),
    keyInferred: layout.keyInferred,
    time: layout.columns[layout.time] ?? null,
    windowMillis,
    windowInferred,
    verdict,
    reasons: reasonsOf(found, verdict, findings),
    equalRatio: ratio(rows.equal, rows.compared),
    agreement: ratio(explained, rows.compared),
    rows,
    windows: { ...tally.windows },
    differences: tally.differences(),
    findings,
    shift: found.shift,
    excluded: tally.excludedParts(),
    scores,
    series: tally.series.points(),
    firstDifferent: tally.firstDifferent,
    notices: [...tally.notices],
  };
}

interface Concluded {
  readonly rows: RowCounts;
  readonly scores: readonly ScoreReport[];
  readonly shift: TimeShift | null;
  readonly tally: Tally;
  readonly layout: Layout;
}

// An average that is truncated on one side is so in all windows. A few values that look rounded are just different.
const roundingMin = 0.2;

function rowCounts({ rows }: Tally, read: Readonly<Record<Side, number>>): RowCounts {
  const pairs = rows.equal + rows.moved + rows.rounding + rows.swapped + rows.different;
  const isRounding = rows.rounding >= roundingMin * pairs;
  return {
    ...rows,
    ...read,
    compared: pairs + rows.onlyRecorded + rows.onlyOurs,
    rounding: isRounding ? rows.rounding : 0,
    different: isRounding ? rows.different : rows.different + rows.rounding,
  };
}

/** Kinds of findings in the order of the report: those that the engine would have to answer for, then the others. */
const kinds: readonly {
  readonly kind: FindingKind;
  readonly explained: boolean;
  readonly count: (found: Concluded) => number;
  readonly text: (count: number, found: Concluded) => string;
}[] = [
  {
    kind: 'different',
    explained: false,
    count: ({ rows }) => rows.different,
    text: (count, { rows, tally }) => {
      const columns = tally.differences().filter((one) => one.count > 0);
      const worst = columns.map(
        ({ column, absolute, relative, ulpsMax }) =>
          `${column} by up to ${shortest(absolute.max)} (${ulpsMax <= 64 ? `${ulpsMax} ulps` : percent(relative.max)})`,
      );
      return `${many(count, 'row')} of ${rows.compared} ${count === 1 ? 'is' : 'are'} different: ${worst.join(', ')}.`;
    },
  },
  {
    kind: 'swapped-keys',
    explained: false,
    count: ({ rows }) => rows.swapped,
    text: (count) =>
      `${many(count, 'row')} ${count === 1 ? 'holds' : 'hold'} the values of another key of the window: keys are swapped.`,
  },
  {
    kind: 'only-recorded',
    explained: false,
    count: ({ rows }) => rows.onlyRecorded,
    text: (count, { tally }) =>
      `${many(count, 'row')} ${only(count)} on the recorded side${windows(tally.windows.onlyRecorded)}.`,
  },
  {
    kind: 'only-ours',
    explained: false,
    count: ({ rows }) => rows.onlyOurs,
    text: (count, { tally }) => `${many(count, 'row')} ${only(count)} on our side${windows(tally.windows.onlyOurs)}.`,
  },
  {
    kind: 'rounding',
    explained: false,
    count: ({ rows }) => rows.rounding,
    text: (count) =>
      `${many(count, 'row')} ${count === 1 ? 'differs' : 'differ'} by rounding alone: one side cuts off digits that the other keeps.`,
  },
  {
    kind: 'scores-differ',
    explained: false,
    count: ({ scores }) => scores.filter(({ agree }) => !agree).length,
    text: (_, { scores }) =>
      scores
        .filter(({ agree }) => !agree)
        .map(scoreText)
        .join(' '),
  },
  {
    kind: 'time-zone',
    explained: true,
    count: ({ shift }) => (shift?.isTimeZone ? 1 : 0),
    text: (_, { shift }) =>
      `Times of ours are those of another time zone: recorded ${shift?.text}. They were compared with that taken off.`,
  },
  {
    kind: 'time-shift',
    explained: true,
    count: ({ shift }) => (shift !== null && !shift.isTimeZone ? 1 : 0),
    text: (_, { shift }) =>
      `Times of ours are the recorded ones ${shift?.text}. They were compared with that taken off.`,
  },
  {
    kind: 'moved',
    explained: true,
    count: ({ rows }) => rows.moved,
    text: (count, { layout }) =>
      layout.key.length === 0
        ? `${many(count, 'row')} ${count === 1 ? 'is' : 'are'} in the neighbouring window: a record at its border arrived a little earlier or later.`
        : `${many(count, 'row')} ${count === 1 ? 'differs' : 'differ'} by records that crossed to the neighbouring window; the totals over both are the same.`,
  },
  {
    kind: 'duplicates-recorded',
    explained: true,
    count: ({ rows }) => rows.duplicatesRecorded,
    text: (count) =>
      `${many(count, 'recorded row')} ${count === 1 ? 'was' : 'were'} delivered again (at-least-once delivery).`,
  },
  {
    kind: 'duplicates-ours',
    explained: true,
    count: ({ rows }) => rows.duplicatesOurs,
    text: (count) =>
      `${many(count, 'row')} of ours ${count === 1 ? 'was' : 'were'} delivered again (at-least-once delivery).`,
  },
  {
    kind: 'excluded-start',
    explained: true,
    count: ({ tally }) => excluded(tally, 'start'),
    text: (_, { tally }) => excludedText(tally, 'start', 'before both recordings had begun'),
  },
  {
    kind: 'excluded-end',
    explained: true,
    count: ({ tally }) => excluded(tally, 'end'),
    text: (_, { tally }) => excludedText(tally, 'end', 'after one of the recordings had ended'),
  },
];

function findingsOf(found: Concluded): Finding[] {
  return kinds
    .map(({ kind, explained, count, text }) => ({ kind, explained, count: count(found), text }))
    .filter(({ count }) => count > 0)
    .map(({ kind, explained, count, text }) => ({
      kind,
      explained,
      count: kind === 'time-zone' || kind === 'time-shift' ? 0 : count,
      text: text(count, found),
      examples: examplesOf(found, kind),
    }));
}

function examplesOf({ tally, rows }: Concluded, kind: FindingKind) {
  const own = tally.examples.get(kind) ?? [];
  // Too few to be a matter of rounding: they are among the different ones.
  const more = kind === 'different' && rows.rounding === 0 ? (tally.examples.get('rounding') ?? []) : [];
  return [...own, ...more];
}

function verdictOf({ rows, scores }: Concluded, findings: readonly Finding[]): Verdict {
  const isScored = scores.some(({ count }) => count.recorded > 0 && count.ours > 0);
  if (rows.compared === 0 && !isScored) return 'nothing';
  if (findings.some(({ explained }) => !explained)) return 'differ';
  return findings.some(({ kind }) => !kind.startsWith('excluded')) ? 'explained' : 'agree';
}

function reasonsOf({ rows, scores }: Concluded, verdict: Verdict, findings: readonly Finding[]): string[] {
  const texts = findings.map(({ text }) => text);
  const ranked = scores.filter(({ agree }) => agree).map(scoreText);
  switch (verdict) {
    case 'nothing': {
      const why =
        rows.recorded === 0 || rows.ours === 0
          ? `There are no rows on ${rows.recorded === 0 ? 'the recorded' : 'our'} side.`
          : 'No window of one side could be compared with one of the other: do the two recordings overlap in time?';
      return [why, ...texts];
    }
    case 'agree':
      return [`All ${rows.compared} compared rows are equal.`, ...ranked, ...texts];
    case 'explained':
      return [
        `${rows.equal} of ${rows.compared} rows are equal, and what differs is what differs between two recordings of equal results.`,
        ...ranked,
        ...texts,
      ];
    default:
      return [...texts, ...ranked];
  }
}

function scoreText({ column, distance, distanceMax, rankCorrelation, topOverlap, agree }: ScoreReport): string {
  const ranks = rankCorrelation === null ? '' : `, rank correlation ${rankCorrelation.toFixed(2)}`;
  const top = topOverlap === null ? '' : `, ${percent(topOverlap)} of the highest in common`;
  const judged = agree ? 'are distributed alike' : 'are distributed differently';
  return `Scores of ${column} ${judged}: distance ${distance.toFixed(3)}, ${distanceMax.toFixed(3)} allowed${ranks}${top}.`;
}

function timeShift(millis: number): TimeShift {
  const isTimeZone = millis % (15 * 60_000) === 0;
  const sign = millis < 0 ? '-' : '+';
  const minutes = Math.abs(millis) / 60_000;
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  const text = isTimeZone ? `${sign}${two(minutes / 60)}:${two(minutes % 60)}` : `${sign}${Math.abs(millis) / 1000} s`;
  return { millis, isTimeZone, text };
}

function excluded({ excluded }: Tally, place: 'start' | 'end'): number {
  return excluded[place].recorded.rows + excluded[place].ours.rows;
}

function excludedText({ excluded }: Tally, place: 'start' | 'end', why: string): string {
  const { recorded, ours } = excluded[place];
  return `${many(recorded.rows, 'recorded row')} and ${ours.rows} of ours ${why} (or in a window of which only a part was recorded) are not compared.`;
}

function windows(count: number): string {
  return count === 0 ? '' : `, ${many(count, 'whole window')} among them`;
}

function only(count: number): string {
  return count === 1 ? 'is only' : 'are only';
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))}%`;
}

function shortest(amount: number): string {
  return String(Number(amount.toPrecision(6)));
}

function ratio(part: number, all: number): number {
  return all === 0 ? 1 : part / all;
}
