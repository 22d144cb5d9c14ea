import type { Report, Value, Verdict } from '@rowtime/mirror';
import type { painter } from '../paint.ts';
import type { StreamResult } from './compare-stream.ts';
import { percent, verdictTexts } from './verdict.ts';

export interface MirrorResult {
  readonly verdict: Verdict;
  readonly streams: readonly StreamResult[];
  /** What concerns all streams. */
  readonly notices: readonly string[];
}

/** What a terminal shows of a comparison. */
export function summaryLines({ streams, notices }: MirrorResult, paint: ReturnType<typeof painter>): string[] {
  const lines = streams.flatMap(({ report, recorded, ours, notices: own }) => [
    paint(isGood(report.verdict) ? 'bold' : 'red', `${report.stream}: ${verdictTexts[report.verdict]}`),
    `  recorded  ${recorded}`,
    `  ours      ${ours}`,
    '',
    ...report.reasons.map((reason) => `  ${reason}`),
    '',
    ...table(countsOf(report)).map((line) => `  ${line}`),
    ...findings(report, paint),
    ...columns(report, paint),
    ...scores(report, paint),
    // What concerns all of one stream concerns it.
    ...notes([...own, ...report.notices, ...(streams.length === 1 ? notices : [])], paint),
    '',
  ]);
  return [...lines, ...(notices.length > 0 && streams.length > 1 ? [...notes(notices, paint).slice(1), ''] : [])].slice(
    0,
    -1,
  );
}

export function isGood(verdict: Verdict): boolean {
  return verdict === 'agree' || verdict === 'explained';
}

/** Names and numbers, those that are 0 left out unless they say something. */
export function countsOf({
  rows,
  windows,
  equalRatio,
  agreement,
}: Report): [name: string, count: string, note: string][] {
  const line = (name: string, count: number, note = ''): [string, string, string][] =>
    count === 0 ? [] : [[name, count.toLocaleString('en'), note]];
  const kinds = [
    windows.equal > 0 ? `${windows.equal.toLocaleString('en')} equal` : null,
    windows.explained > 0 ? `${windows.explained.toLocaleString('en')} explained` : null,
    windows.different > 0 ? `${windows.different.toLocaleString('en')} different` : null,
  ].filter((text) => text !== null);
  return [
    ['windows compared', windows.compared.toLocaleString('en'), kinds.join(', ')],
    ...line('windows only recorded', windows.onlyRecorded),
    ...line('windows only ours', windows.onlyOurs),
    [
      'rows compared',
      rows.compared.toLocaleString('en'),
      `of ${rows.recorded.toLocaleString('en')} recorded and ${rows.ours.toLocaleString('en')} of ours`,
    ],
    ['equal', rows.equal.toLocaleString('en'), percent(equalRatio)],
    ...line('moved to the neighbouring window', rows.moved, `with them ${percent(agreement)} agree`),
    ...line('different', rows.different),
    ...line('different by rounding', rows.rounding),
    ...line('with the values of another key', rows.swapped),
    ...line('only recorded', rows.onlyRecorded),
    ...line('only ours', rows.onlyOurs),
    ...line('delivered again, recorded', rows.duplicatesRecorded),
    ...line('delivered again, ours', rows.duplicatesOurs),
  ];
}

function findings({ findings }: Report, paint: ReturnType<typeof painter>): string[] {
  if (findings.length === 0) return [];
  return [
    '',
    paint('cyan', '  Found'),
    ...findings.map(
      ({ kind, explained, text }) => `  ${explained ? 'explained ' : paint('red', 'difference')}  ${kind}: ${text}`,
    ),
  ];
}

function columns({ differences }: Report, paint: ReturnType<typeof painter>): string[] {
  const different = differences.filter(({ count }) => count > 0);
  if (different.length === 0) return [];
  const rows = different.map(({ column, count, absolute, relative, examples: [example] }): string[] => [
    column,
    count.toLocaleString('en'),
    amount(absolute.max),
    percentOf(relative.max),
    example ? `${shown(example.recorded)} → ${shown(example.ours)}` : '',
  ]);
  return [
    '',
    paint('cyan', '  Columns that differ'),
    ...table([['column', 'rows', 'largest', 'relative', 'recorded → ours'], ...rows]).map((line) => `  ${line}`),
  ];
}

function scores({ scores }: Report, paint: ReturnType<typeof painter>): string[] {
  if (scores.length === 0) return [];
  const rows = scores.map(({ column, distance, distanceMax, rankCorrelation, topOverlap, agree }): string[] => [
    column,
    agree ? 'agree' : 'differ',
    `${distance.toFixed(3)} (up to ${distanceMax.toFixed(3)})`,
    rankCorrelation === null ? '-' : rankCorrelation.toFixed(3),
    topOverlap === null ? '-' : percent(topOverlap),
  ]);
  return [
    '',
    paint('cyan', '  Scores'),
    ...table([['column', 'verdict', 'distance', 'ranks', 'highest shared'], ...rows]).map((line) => `  ${line}`),
  ];
}

function notes(texts: readonly string[], paint: ReturnType<typeof painter>): string[] {
  return texts.length === 0 ? [] : ['', paint('cyan', '  Note'), ...texts.map((text) => `  ${text}`)];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, c) => (/^[\d.,]+$/.test(cell) ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** A value as both a terminal and a page show it. */
export function shown(value: Value): string {
  return value === null ? 'NULL' : String(value);
}

export function amount(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) < 1e-3 || Math.abs(value) >= 1e15
    ? value.toExponential(2)
    : String(Number(value.toPrecision(6)));
}

export function percentOf(part: number): string {
  if (part === 0) return '0';
  return part < 1e-4 ? part.toExponential(1) : `${Number((part * 100).toPrecision(3))} %`;
}
