import type { ScoreReport } from '@rowtime/mirror';
import { percent } from '../verdict.ts';
import { number } from './frame.ts';
import { lineChart, most } from './lines.ts';
import { html, type Markup } from './markup.ts';

/** Two distributions of random scores: where the lines lie on each other, the scores are as likely on both sides. */
export function scoreSection(score: ScoreReport, id: string): Markup {
  const { column, quantiles, probabilities, distance, distanceMax, rankCorrelation, rankGroups, topOverlap, agree } =
    score;
  const text = `The distributions are ${distance.toFixed(3)} apart at most (Kolmogorov and Smirnov); above ${distanceMax.toFixed(3)} they would count as different.`;
  const sides = [
    { side: 'recorded', name: 'recorded', style: 'line-recorded' },
    { side: 'ours', name: 'ours', style: 'line-ours' },
  ] as const;
  return html`<section class="card"><h3>Scores: ${column}</h3>
<p class="${agree ? 'good' : 'bad'}">${agree ? 'They agree as random scores do.' : 'They do not agree.'} ${text}</p>
<ul class="legend">${sides.map(({ name, style }) => html`<li><svg class="key" viewBox="0 0 28 8" width="28" height="8" aria-hidden="true"><g class="${style}"><polyline points="0,4 28,4"/></g></svg>${name}</li>`)}</ul>
${distributions(score, id, text, sides)}
<dl class="facts">
<div><dt>Ranks</dt><dd>${rankCorrelation === null ? 'rows could not be paired' : `correlation ${rankCorrelation.toFixed(3)} (Spearman), mean of ${rankGroups.toLocaleString('en')} groups`}</dd></div>
<div><dt>Highest rows</dt><dd>${topOverlap === null ? 'rows could not be paired' : `${percent(topOverlap)} are among the highest of both sides`}</dd></div>
</dl>
<details><summary>Quantiles, as a table</summary><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Share of scores below</th><th scope="col" class="number">Recorded</th><th scope="col" class="number">Ours</th></tr></thead>
<tbody>${probabilities.map((probability, i) => html`<tr><th scope="row">${percent(probability)}</th><td class="number">${number(quantiles.recorded[i]!)}</td><td class="number">${number(quantiles.ours[i]!)}</td></tr>`)}
<tr><th scope="row">Mean</th><td class="number">${number(score.mean.recorded)}</td><td class="number">${number(score.mean.ours)}</td></tr>
<tr><th scope="row">Scores</th><td class="number">${score.count.recorded.toLocaleString('en')}</td><td class="number">${score.count.ours.toLocaleString('en')}</td></tr></tbody></table></div></details>
</section>`;
}

type Sides = readonly { readonly side: 'recorded' | 'ours'; readonly name: string; readonly style: string }[];

function distributions({ column, histogram, borders }: ScoreReport, id: string, text: string, sides: Sides): Markup {
  if (borders.length < 2) return html``;
  const highest = most(sides.map(({ side }) => most(histogram[side])));
  return lineChart({
    caption: { id, title: `Distribution of ${column}, recorded and ours`, text },
    height: 220,
    isTime: false,
    xName: column,
    y: { from: 0, to: highest > 0 ? highest * 1.05 : 1, print: (value) => `${number(value * 100)} %` },
    lines: sides.map(({ side, name, style }) => ({
      name,
      style,
      // A histogram's outline: each bar is two points.
      points: histogram[side].flatMap((part, i) => [
        { x: borders[i]!, y: part },
        { x: borders[i + 1]!, y: part },
      ]),
    })),
  });
}
