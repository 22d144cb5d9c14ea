#!/usr/bin/env node
// node scripts/picture.mjs > docs/demo.svg: a picture of the demo's terminal, made from what a run printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'rowtime-picture-'));
const cli = new URL('../packages/worker/dist/cli.js', import.meta.url).pathname;
const { stdout } = spawnSync(process.execPath, [cli, 'demo', '--duration', '7', '--dir', 'rowtime-demo'], {
  cwd: folder,
  encoding: 'utf8',
});
rmSync(folder, { recursive: true });

const printed = stdout.split('\n');
const second = printed.findIndex(
  (line, i) => line.startsWith('CAPTAIN_SCORES') && i > printed.findIndex((l) => l.startsWith('CAPTAIN_SCORES')),
);
const lines = [
  '$ npm start',
  ...printed.slice(0, 1),
  '…',
  ...printed.slice(second - 7, second + 11),
  '…',
  ...printed.slice(-3),
].map((line) => line.trimEnd());
while (lines.at(-1) === '') lines.pop();

const [lineHeight, charWidth, padding] = [19, 8.15, 18];
const width = Math.round(Math.max(...lines.map((line) => line.length)) * charWidth + 2 * padding);
const height = lines.length * lineHeight + 2 * padding;
console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The demo in a terminal: anomalies as they come and the leaderboard of a closed minute">
<rect width="${width}" height="${height}" rx="8" fill="#14181f"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13.5" fill="#c9d1d9" xml:space="preserve">
${lines.map((line, i) => `<text x="${padding}" y="${padding + 14 + i * lineHeight}"${colour(line)}>${escapeXml(line)}</text>`).join('\n')}
</g>
</svg>`);

function colour(line) {
  if (line.startsWith('anomaly')) return ' fill="#e3b341"';
  if (line.startsWith('CAPTAIN_SCORES') || line.startsWith('$')) return ' fill="#ffffff" font-weight="bold"';
  return /^ +1 {2}/.test(line) ? ' fill="#56d364"' : '';
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0');
}
