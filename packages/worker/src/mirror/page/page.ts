import { isGood, type MirrorResult } from '../summary.ts';
import { verdictTexts } from '../verdict.ts';
import { html, Markup } from './markup.ts';
import { streamSection } from './stream-section.ts';
import { style } from './style.ts';
import { sentence, verdictClass } from './words.ts';

export interface PageOptions extends MirrorResult {
  readonly made: { readonly version: string; readonly time: number };
}

/** A comparison as one file for a browser: pictures and style are in it, it asks the network for nothing and runs no script. */
export function page({ verdict, streams, notices, made }: PageOptions): string {
  const several = streams.length > 1;
  const title = `Mirror: ${streams.map(({ report }) => report.stream).join(', ')}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header class="top">
<p class="kicker">rowtime mirror</p>
<h1 class="verdict ${verdictClass(verdict)}"><span class="mark" aria-hidden="true">${isGood(verdict) ? '✓' : '≠'}</span> ${sentence(verdictTexts[verdict])}</h1>
<p class="lead">What the old application delivered, beside what rowtime makes of it.</p>
${several ? streamList(streams) : null}
${notices.length > 0 ? html`<ul class="notes">${notices.map((notice) => html`<li>${notice}</li>`)}</ul>` : null}
</header>
<main>
${streams.map((result, i) => streamSection(result, i, !several))}
</main>
<footer>Made by rowtime ${made.version}, <time datetime="${new Date(made.time).toISOString()}">${new Date(made.time).toISOString().slice(0, 16).replace('T', ' ')} UTC</time>. All times are UTC.</footer>
</body>
</html>
`.text;
}

function streamList(streams: PageOptions['streams']): Markup {
  return html`<nav aria-label="Streams"><ul>${streams.map(
    ({ report }, i) =>
      html`<li class="${verdictClass(report.verdict)}"><a href="#stream-${i}">${report.stream}</a>: ${verdictTexts[report.verdict]}</li>`,
  )}</ul></nav>`;
}
