import type { Report, RowSideBySide, Value, WindowSideBySide } from '@rowtime/mirror';
import { shown } from '../summary.ts';
import { html, type Markup } from './markup.ts';
import { windowText } from './words.ts';

/** The first window that differs: what was recorded over what is ours, row by row, the values that differ marked. */
export function sideBySide({ columns }: Report, { window, rows, more }: WindowSideBySide): Markup {
  return html`<section class="card"><h3>The first window that differs</h3>
<p>${windowText(window)}. Values that differ are marked with ≠.</p>
<div class="scroll" tabindex="0"><table class="sides">
<thead><tr><th scope="col">Row</th><th scope="col">Side</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => pair(row, columns.length))}</tbody></table></div>
${more > 0 ? html`<p>and ${more.toLocaleString('en')} more rows</p>` : null}</section>`;
}

const kinds: Readonly<Record<RowSideBySide['kind'], string>> = {
  equal: 'equal',
  different: 'different',
  rounding: 'rounding',
  swapped: 'swapped keys',
  moved: 'moved',
  'only-recorded': 'only recorded',
  'only-ours': 'only ours',
};

function pair({ kind, recorded, ours, columns }: RowSideBySide, width: number): Markup {
  const isSame = kind === 'equal';
  const cells = (values: readonly Value[] | null): Markup[] =>
    values === null
      ? [html`<td colspan="${width}" class="missing">no such row</td>`]
      : values.map((value, c) =>
          columns.includes(c)
            ? html`<td class="marked${numberClass(value)}"><span aria-label="differs">≠</span> ${shown(value)}</td>`
            : html`<td class="plain${numberClass(value)}">${shown(value)}</td>`,
        );
  if (isSame)
    return html`<tr class="equal"><th scope="row">${kinds[kind]}</th><td>both</td>${cells(ours ?? recorded)}</tr>`;
  return html`<tr class="first ${kind}"><th scope="rowgroup" rowspan="2">${kinds[kind]}</th><td>recorded</td>${cells(recorded)}</tr><tr class="second ${kind}"><td>ours</td>${cells(ours)}</tr>`;
}

function numberClass(value: Value): string {
  return typeof value === 'number' || typeof value === 'bigint' ? ' number' : '';
}
