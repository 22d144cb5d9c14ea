import { styleText } from 'node:util';
import { type Batch, type Millis, type Row, type Schema, type Sink, toRows } from '@rowtime/core';

/** A sink that shows rows once the checkpoint that covers them is durable: what was shown is not taken back. */
export function viewSink(schema: Schema, show: (rows: readonly ShownRow[]) => void): Sink {
  let written: ShownRow[] = [];
  let prepared: ShownRow[] = [];
  return {
    open: async () => {},
    write: (batch: Batch) => void written.push(...toRows(schema, batch)),
    pendingBytes: 0,
    advance() {},
    async prepare() {
      prepared = written;
      written = [];
      return null;
    },
    async commit() {
      if (prepared.length > 0) show(prepared);
      prepared = [];
    },
    async close() {},
  };
}

export interface ShownRow {
  readonly rowtime: Millis;
  readonly row: Row;
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Colours, where they belong. */
export function styles(stream: NodeJS.WriteStream): Style {
  const coloured = stream.isTTY === true && !process.env['NO_COLOR'];
  return (format, text) => (coloured ? styleText(format, text) : text);
}

/** The leaderboards of closed minutes: one for each ROWTIME among the rows. */
export function leaderboards(rows: readonly ShownRow[], style: Style): string {
  return [...groupByRowtime(rows)].map(([end, scores]) => leaderboard(end, scores, style)).join('');
}

function groupByRowtime(rows: readonly ShownRow[]): Map<Millis, ShownRow[]> {
  const minutes = new Map<Millis, ShownRow[]>();
  for (const row of rows) minutes.set(row.rowtime, [...(minutes.get(row.rowtime) ?? []), row]);
  return minutes;
}

function leaderboard(end: Millis, scores: readonly ShownRow[], style: Style): string {
  const title = `${time(end - 60_000)} to ${time(end)}`;
  const head = `${style('bold', `CAPTAIN_SCORES  ${title}`)}\n      captain               average      total\n`;
  const lines = scores.map(({ row }, i) => {
    const name = String(row['favoritecaptain']);
    const line = `  ${String(i + 1).padStart(2)}  ${name.padEnd(20)}  ${number(row['AVERAGE_RATING']).padStart(7)}  ${number(row['TOTAL_RATING']).padStart(9)}\n`;
    return i === 0 ? style('green', line) : line;
  });
  return `\n${head}${lines.join('')}`;
}

const anomalyScoreMin = 1.5;
const anomaliesShownMax = 5;

/** The clear anomalies among scored rows: the highest of them, and how many more there are. */
export function anomalies(rows: readonly ShownRow[], style: Style): string {
  const scoreOf = ({ row }: ShownRow): number => Number(row['ANOMALY_SCORE']);
  const found = rows.filter((row) => scoreOf(row) >= anomalyScoreMin).sort((a, b) => scoreOf(b) - scoreOf(a));
  const shown = found.slice(0, anomaliesShownMax).sort((a, b) => a.rowtime - b.rowtime);
  const lines = shown.map(({ rowtime, row }) => {
    const score = Number(row['ANOMALY_SCORE']).toFixed(2);
    return `${style('yellow', 'anomaly')}  ${time(rowtime)}  ${String(row['favoritecaptain']).padEnd(20)}  ${number(row['rating']).padStart(7)}  score ${score}\n`;
  });
  const more = found.length - shown.length;
  return (
    lines.join('') +
    (more > 0 ? style('dim', `         and ${more} more rows with a score of ${anomalyScoreMin} or above\n`) : '')
  );
}

export function time(t: Millis): string {
  return new Date(t).toISOString().slice(11, 19);
}

function number(value: unknown): string {
  return Number(value).toLocaleString('en');
}
