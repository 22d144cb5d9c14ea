import type { Report, SeriesPoint, WindowLabel } from '@rowtime/mirror';
import type { StreamResult } from '../compare-stream.ts';
import { amount, countsOf, percentOf, shown } from '../summary.ts';
import { percent, verdictTexts } from '../verdict.ts';
import { barChart } from './bars.ts';
import { lineChart } from './lines.ts';
import { html, type Markup } from './markup.ts';
import { scoreSection } from './scores.ts';
import { sideBySide } from './side-by-side.ts';
import { sentence, verdictClass, windowText } from './words.ts';

/** All that the page says of one stream. */
export function streamSection(
  { report, recorded, ours, notices }: StreamResult,
  index: number,
  isOnly: boolean,
): Markup {
  const id = `stream-${index}`;
  return html`<section class="stream" id="${id}" aria-labelledby="${id}-name">
<h2 id="${id}-name">${report.stream}</h2>
${isOnly ? null : html`<p class="verdict-line ${verdictClass(report.verdict)}">${sentence(verdictTexts[report.verdict])}</p>`}
<ul class="reasons">${report.reasons.map((reason) => html`<li>${sentence(reason)}</li>`)}</ul>
${tiles(report)}
<dl class="facts">
<div><dt>Recorded</dt><dd>${recorded}</dd></div>
<div><dt>Ours</dt><dd>${ours}</dd></div>
<div><dt>Key</dt><dd>${report.key.length > 0 ? report.key.join(', ') : 'none: rows are compared whole'}${report.keyInferred ? ' (found in the rows)' : ''}</dd></div>
<div><dt>Time</dt><dd>${report.time ?? 'none'}${report.windowMillis === null ? '' : `, windows of ${report.windowMillis / 1_000} s${report.windowInferred ? ' (found in the rows)' : ''}`}</dd></div>
</dl>
${overTime(report, id)}
${found(report)}
${columnTable(report)}
${report.scores.map((score, i) => scoreSection(score, `${id}-score-${i}`))}
${report.firstDifferent && sideBySide(report, report.firstDifferent)}
${counts(report)}
${noteList([...notices, ...report.notices])}
</section>`;
}

function tiles({ rows, windows, agreement }: Report): Markup {
  const wrong = rows.different + rows.rounding + rows.swapped;
  const tile = (value: string, name: string, note: string, style = '') =>
    html`<div class="tile ${style}"><dt>${name}</dt><dd><strong>${value}</strong><span>${note}</span></dd></div>`;
  const whole = (value: number): string => value.toLocaleString('en');
  return html`<dl class="tiles">
${tile(percent(agreement), 'Agreement', `${whole(rows.compared)} rows compared`, agreement === 1 ? 'good' : 'bad')}
${tile(whole(windows.compared), 'Windows', `${whole(windows.equal)} equal, ${whole(windows.explained)} explained, ${whole(windows.different)} different`)}
${tile(whole(wrong), 'Rows that differ', `${whole(rows.different)} values, ${whole(rows.rounding)} rounding, ${whole(rows.swapped)} swapped`, wrong > 0 ? 'bad' : '')}
${tile(whole(rows.onlyRecorded + rows.onlyOurs), 'Rows of one side', `${whole(rows.onlyRecorded)} only recorded, ${whole(rows.onlyOurs)} only ours`, rows.onlyRecorded + rows.onlyOurs > 0 ? 'bad' : '')}
${tile(whole(rows.moved), 'Moved', 'to the neighbouring window: explained')}
${tile(whole(rows.duplicatesRecorded + rows.duplicatesOurs), 'Delivered again', 'at-least-once delivery: explained')}
</dl>`;
}

/** Where a point stands: its time, or its place where windows have none. */
function startOf({ from, index }: WindowLabel): number {
  return from ?? index;
}

const parts = [
  { name: 'different', style: 'different', of: (point: SeriesPoint) => point.different },
  { name: 'only recorded', style: 'only-recorded', of: (point: SeriesPoint) => point.onlyRecorded },
  { name: 'only ours', style: 'only-ours', of: (point: SeriesPoint) => point.onlyOurs },
  { name: 'moved (explained)', style: 'moved', of: (point: SeriesPoint) => point.moved },
] as const;

/** Of more points only those that do not agree are marked. */
const marksMax = 40;

function overTime({ series, windowMillis }: Report, id: string): Markup {
  if (series.length === 0) return html``;
  const isTime = series.every(({ window }) => window.from !== null);
  const lowest = series.reduce((least, { agreement }) => Math.min(least, agreement), 1);
  const floor = lowest >= 0.9 ? 0.9 : lowest >= 0.6 ? 0.6 : 0;
  const worst = series.find(({ agreement }) => agreement === lowest)!;
  const text =
    lowest === 1
      ? `All ${series.length} points are at 100 %.`
      : `The lowest of ${series.length} points is ${percent(lowest)}, at ${windowText(worst.window)}.`;
  const agreement = lineChart({
    caption: { id: `${id}-agreement`, title: 'Agreement over time', text },
    height: 200,
    isTime,
    ...(!isTime && { xName: 'window' }),
    y: { from: floor, to: 1, print: (value) => `${Math.round(value * 100)} %` },
    lines: [
      {
        name: 'agreement',
        style: 'line-agreement',
        points: series.map((point) => ({
          x: startOf(point.window),
          y: point.agreement,
          ...((point.agreement < 1 || series.length <= marksMax) && {
            text: `${windowText(point.window)}: ${percent(point.agreement)}`,
          }),
        })),
      },
    ],
  });
  const isAny = series.some((point) => parts.some(({ of }) => of(point) > 0));
  return html`<section class="card"><h3>Agreement over time</h3><p>${text}</p>
${agreement}
</section>
<section class="card"><h3>Differences by window</h3>
${isAny ? differences(series, windowMillis, isTime, id) : html`<p>There are none.</p>`}
${seriesTable(series, isAny)}
</section>`;
}

function differences(series: readonly SeriesPoint[], windowMillis: number | null, isTime: boolean, id: string): Markup {
  const shown = parts.filter(({ of }) => series.some((point) => of(point) > 0));
  const sums = shown.map(
    ({ name, of }) => `${series.reduce((sum, point) => sum + of(point), 0).toLocaleString('en')} ${name}`,
  );
  const width = isTime ? (windowMillis ?? 60_000) : 1;
  const bars = series.map((point) => {
    const from = startOf(point.window);
    const values = shown.map(({ of }) => of(point));
    const words = shown.flatMap(({ name }, i) => (values[i]! > 0 ? [`${values[i]} ${name}`] : []));
    return { from, to: from + width * point.windows, values, text: `${windowText(point.window)}: ${words.join(', ')}` };
  });
  return html`<p>${sums.join(', ')}.</p>
<ul class="legend">${shown.map(({ name, style }) => html`<li><span class="swatch ${style}" aria-hidden="true"></span>${name}</li>`)}</ul>
${barChart({
  caption: { id: `${id}-differences`, title: 'Differences by window', text: `${sums.join(', ')}.` },
  height: 200,
  isTime,
  parts: shown,
  bars,
})}`;
}

const tableRowsMax = 60;

function seriesTable(series: readonly SeriesPoint[], isAny: boolean): Markup {
  const chosen = isAny ? series.filter((point) => parts.some(({ of }) => of(point) > 0)) : series;
  const rows = chosen.slice(0, tableRowsMax);
  const more = chosen.length - rows.length;
  return html`<details><summary>${isAny ? 'Windows with differences' : 'The windows'}, as a table</summary>
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Window</th><th scope="col" class="number">Equal</th>${parts.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}<th scope="col" class="number">Agreement</th></tr></thead>
<tbody>${rows.map(
    (point) =>
      html`<tr><th scope="row">${windowText(point.window)}${point.windows > 1 ? ` and ${point.windows - 1} more` : ''}</th><td class="number">${point.equal.toLocaleString('en')}</td>${parts.map(({ of }) => html`<td class="number">${of(point).toLocaleString('en')}</td>`)}<td class="number">${percent(point.agreement)}</td></tr>`,
  )}</tbody></table></div>${more > 0 ? html`<p>and ${more.toLocaleString('en')} more</p>` : null}</details>`;
}

function found({ findings }: Report): Markup {
  if (findings.length === 0) return html``;
  return html`<section class="card"><h3>What was found</h3><ul class="findings">${findings.map(
    ({ kind, explained, text }) =>
      html`<li class="${explained ? 'explained' : 'bad'}"><span class="tag">${explained ? 'explained' : 'difference'}</span> <b>${kind}</b> ${sentence(text)}</li>`,
  )}</ul></section>`;
}

function columnTable({ differences }: Report): Markup {
  const some = differences.filter(({ count, moved }) => count + moved > 0);
  if (some.length === 0) return html``;
  return html`<section class="card"><h3>Columns that differ</h3><div class="scroll" tabindex="0"><table>
<thead><tr><th scope="col">Column</th><th scope="col">Is a</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Moved</th><th scope="col" class="number">Largest</th><th scope="col" class="number">Mean</th><th scope="col" class="number">Relative</th><th scope="col">Recorded → ours</th></tr></thead>
<tbody>${some.map(
    ({ column, role, count, moved, absolute, relative, examples: [example] }) =>
      html`<tr><th scope="row">${column}</th><td>${role}</td><td class="number">${count.toLocaleString('en')}</td><td class="number">${moved.toLocaleString('en')}</td><td class="number">${amount(absolute.max)}</td><td class="number">${amount(absolute.mean)}</td><td class="number">${percentOf(relative.max)}</td><td>${example ? `${shown(example.recorded)} → ${shown(example.ours)}` : ''}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function counts(report: Report): Markup {
  const { start, end } = report.excluded;
  const left = [
    ['recorded, before ours began', start.recorded],
    ['ours, before the recorded side began', start.ours],
    ['recorded, after ours ended', end.recorded],
    ['ours, after the recorded side ended', end.ours],
  ] as const;
  return html`<section class="card"><h3>All counts</h3><div class="scroll" tabindex="0"><table><tbody>
${countsOf(report).map(([name, count, note]) => html`<tr><th scope="row">${name}</th><td class="number">${count}</td><td>${note}</td></tr>`)}
${left.flatMap(([name, { rows, windows }]) => (rows === 0 ? [] : [html`<tr><th scope="row">not compared: ${name}</th><td class="number">${rows.toLocaleString('en')}</td><td>in ${windows.toLocaleString('en')} windows</td></tr>`]))}
</tbody></table></div></section>`;
}

function noteList(texts: readonly string[]): Markup {
  if (texts.length === 0) return html``;
  return html`<section class="card"><h3>What to know</h3><ul class="notes">${texts.map((text) => html`<li>${sentence(text)}</li>`)}</ul></section>`;
}
