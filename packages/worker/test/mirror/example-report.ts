import type { Report, SeriesPoint } from '@rowtime/mirror';
import type { MirrorResult } from '../../src/mirror/summary.ts';

const start = Date.UTC(2021, 8, 22, 14, 0);

/** A point of the series for each minute: one window differs, one has rows of one side only, some had rows moved. */
export function exampleSeries(length = 90): SeriesPoint[] {
  return Array.from({ length }, (_, i) => {
    const [different, onlyOurs, onlyRecorded, moved] = [
      i === 31 ? 3 : 0,
      i === 40 ? 2 : 0,
      i === 55 ? 4 : 0,
      i % 9 === 4 ? 1 : 0,
    ];
    const equal = 16 - different - onlyRecorded - moved;
    const all = equal + different + onlyOurs + onlyRecorded + moved;
    return {
      window: { index: i, from: start + i * 60_000 },
      windows: 1,
      equal,
      moved,
      different,
      onlyRecorded,
      onlyOurs,
      agreement: (equal + moved) / all,
    };
  });
}

const bell = (middle: number, width: number) =>
  Array.from({ length: 40 }, (_, i) => Math.exp(-(((i - middle) / width) ** 2)));
const shares = (values: readonly number[]) => {
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
};

/** What cannot be written into a page as it is. */
export const hostile = `<script>alert("1")</script> & '2' \u0007`;

/** A report with something of everything. */
export function exampleReport(series: readonly SeriesPoint[] = exampleSeries()): Report {
  const sum = (of: (point: SeriesPoint) => number) => series.reduce((total, point) => total + of(point), 0);
  const rows = {
    recorded: 1_450,
    ours: 1_446,
    compared: sum((point) => point.equal + point.moved + point.different + point.onlyRecorded + point.onlyOurs),
    equal: sum((point) => point.equal),
    moved: sum((point) => point.moved),
    rounding: 1,
    swapped: 0,
    different: sum((point) => point.different) - 1,
    onlyRecorded: sum((point) => point.onlyRecorded),
    onlyOurs: sum((point) => point.onlyOurs),
    duplicatesRecorded: 3,
    duplicatesOurs: 0,
  };
  const none = { rows: 0, windows: 0 };
  const window = { index: 31, from: start + 31 * 60_000 };
  return {
    stream: 'CAPTAIN_SCORES',
    columns: ['favoritecaptain', 'AVERAGE_RATING', 'TOTAL_RATING'],
    key: ['favoritecaptain'],
    keyInferred: true,
    time: 'ROWTIME',
    windowMillis: 60_000,
    windowInferred: true,
    verdict: 'differ',
    reasons: ['3 rows of 1 window differ in AVERAGE_RATING', '4 rows are only in the recorded side'],
    equalRatio: rows.equal / rows.compared,
    agreement: (rows.equal + rows.moved) / rows.compared,
    rows,
    windows: {
      compared: series.length,
      equal: series.length - 13,
      explained: 10,
      different: 3,
      onlyRecorded: 0,
      onlyOurs: 0,
    },
    differences: [
      {
        column: 'AVERAGE_RATING',
        role: 'average',
        roleInferred: true,
        count: 3,
        moved: 10,
        absolute: { max: 4.5, mean: 1.75 },
        relative: { max: 0.0094, mean: 0.003 },
        ulpsMax: 3e12,
        examples: [{ window, key: ['Turanga Leela'], recorded: 478, ours: '478.7287066246056782' }],
      },
      {
        column: 'TOTAL_RATING',
        role: 'sum',
        roleInferred: true,
        count: 0,
        moved: 10,
        absolute: { max: 0, mean: 0 },
        relative: { max: 0, mean: 0 },
        ulpsMax: 0,
        examples: [],
      },
    ],
    findings: [
      { kind: 'different', explained: false, count: 2, text: '2 rows differ in AVERAGE_RATING', examples: [] },
      { kind: 'moved', explained: true, count: 10, text: '10 rows moved to the neighbouring window', examples: [] },
    ],
    shift: null,
    excluded: { start: { recorded: { rows: 16, windows: 1 }, ours: none }, end: { recorded: none, ours: none } },
    scores: [
      {
        column: 'ANOMALY_SCORE',
        count: { recorded: 1_450, ours: 1_446 },
        mean: { recorded: 0.91, ours: 0.92 },
        probabilities: [0.01, 0.1, 0.5, 0.9, 0.99],
        quantiles: { recorded: [0.61, 0.7, 0.85, 1.1, 2.01], ours: [0.6, 0.71, 0.86, 1.09, 1.98] },
        borders: Array.from({ length: 41 }, (_, i) => 0.5 + i * 0.05),
        histogram: { recorded: shares(bell(9, 5)), ours: shares(bell(9.6, 4.6)) },
        distance: 0.041,
        distanceMax: 0.052,
        rankCorrelation: 0.942,
        rankGroups: 89,
        topOverlap: 0.91,
        agree: true,
      },
    ],
    series,
    firstDifferent: {
      window,
      rows: [
        {
          kind: 'different',
          recorded: ['Turanga Leela', 478, 151_756],
          ours: ['Turanga Leela', 478.73, 151_756],
          columns: [1],
        },
        { kind: 'only-recorded', recorded: [hostile, 499, 157_772], ours: null, columns: [] },
        { kind: 'equal', recorded: ['The Doctor', 487, 143_188], ours: ['The Doctor', 487, 143_188], columns: [] },
        { kind: 'only-ours', recorded: null, ours: ['Jacob Keyes', null, 9_007_199_254_740_993n], columns: [] },
      ],
      more: 12,
    },
    notices: ['the key was found in the rows'],
  };
}

export function exampleResult(report = exampleReport()): MirrorResult {
  return {
    verdict: report.verdict,
    streams: [{ report, recorded: 's3://results/captain-scores', ours: 'results/CAPTAIN_SCORES', notices: [] }],
    notices: ['our run has 2 rows in error_stream'],
  };
}
