import { percent } from '../mirror/verdict.ts';
import type { painter } from '../paint.ts';
import { printBytes } from '../print-bytes.ts';
import { notReady, type Status } from '../service/status.ts';
import { formatDuration } from '../status-line.ts';
import { ratesOf } from './rates.ts';

type Paint = ReturnType<typeof painter>;

/** The lines that a terminal shows of a worker. */
export function view(before: Status | null, current: Status, paint: Paint, width: number): string[] {
  const { application, version, started, time, state, input, checkpoints, process } = current;
  const rates = ratesOf(before, current);
  const names = ['input', ...rates.outputs.map(({ stream, to }) => `${stream} to ${to}`)];
  const nameWidth = Math.min(40, Math.max(...names.map((name) => name.length)));
  const row = (name: string, perSecond: string, total: string, rest: string): string =>
    `${name.slice(0, nameWidth).padEnd(nameWidth)} ${perSecond.padStart(11)} ${total.padStart(15)}  ${rest}`;
  const reasons = notReady(current);
  const lines: [style: Parameters<Paint>[0] | null, text: string][] = [
    [
      'bold',
      `${application}  ${state} for ${formatDuration(time - started)}  rowtime ${version}, process ${process.pid}`,
    ],
    ...reasons.map((reason): ['red', string] => ['red', `not ready: ${reason}`]),
    [null, ''],
    ['cyan', row('', before === null ? 'a second *' : 'a second', 'in all', '')],
    [null, row('input', perSecond(rates.records), whole(input.records), inputNotes(current))],
    ...rates.outputs.map((output, i): [null, string] => [
      null,
      row(names[i + 1]!, perSecond(output.rowsPerSecond), whole(output.rows), outputNotes(output)),
    ]),
    [null, ''],
    [null, `watermark    ${watermarkText(current)}`],
    [null, `checkpoints  ${checkpointText(checkpoints, time)}`],
    ...mirrorLines(current),
    [
      null,
      `process      ${printBytes(process.rssBytes)}, heap ${printBytes(process.heapUsedBytes)} of ${printBytes(process.heapLimitBytes)}, CPU ${process.cpuPercent} %, event loop late ${process.eventLoopLagMs} ms`,
    ],
    ...(before === null ? [[null, '* since the start'] as [null, string]] : []),
  ];
  return lines.map(([style, text]) => {
    const cut = text.slice(0, width).trimEnd();
    return style === null ? cut : paint(style, cut);
  });
}

function mirrorLines({ mirror }: Status): [style: 'red' | null, text: string][] {
  if (!mirror) return [];
  const { state, stream, agreement, isAlarming, windows, recorded } = mirror;
  if (agreement === null)
    return [[state === 'failed' ? 'red' : null, `mirror       ${state}: ${stream} beside ${recorded}`]];
  const text = `mirror       ${percent(agreement)} of ${stream} agrees with ${recorded}; windows ${windows.equal} equal, ${windows.different} different`;
  return [[isAlarming ? 'red' : null, text]];
}

/** The same in one line, for where there is no terminal. */
export function line(before: Status | null, current: Status): string {
  const { state, input, time } = current;
  const { records, outputs } = ratesOf(before, current);
  const to = outputs.map(({ stream, rowsPerSecond, pendingBytes }) => {
    return `${stream} ${perSecond(rowsPerSecond)}/s${pendingBytes > 0 ? ` (${printBytes(pendingBytes)} pending)` : ''}`;
  });
  const behind = input.millisBehindLatest === null ? '' : `, behind ${formatDuration(input.millisBehindLatest)}`;
  return `${new Date(time).toISOString()} ${state}: input ${perSecond(records)}/s${behind}; ${to.join(', ')}; watermark ${watermarkText(current)}; checkpoint ${checkpointText(current.checkpoints, time)}; ${printBytes(current.process.rssBytes)}`;
}

function inputNotes({ input: { stream, rejected, millisBehindLatest } }: Status): string {
  return notes([
    stream,
    millisBehindLatest === null ? null : `behind ${formatDuration(millisBehindLatest)}`,
    rejected > 0 ? `${whole(rejected)} rejected` : null,
  ]);
}

function outputNotes({
  pendingBytes,
  oldestPendingMs,
  retried,
  dead,
  duplicatesPossible,
}: Status['outputs'][number]): string {
  return notes([
    pendingBytes > 0 ? `${printBytes(pendingBytes)} pending for ${formatDuration(oldestPendingMs)}` : null,
    retried > 0 ? `${whole(retried)} sent again` : null,
    dead > 0 ? `${whole(dead)} undeliverable` : null,
    duplicatesPossible > 0 ? `${whole(duplicatesPossible)} perhaps twice` : null,
  ]);
}

function watermarkText({ watermark, time }: Status): string {
  if (watermark === null) return 'none yet';
  return `${new Date(watermark).toISOString()}, ${formatDuration(Math.max(0, time - watermark))} ago`;
}

function checkpointText({ taken, last, restored }: Status['checkpoints'], time: number): string {
  const when = last ? `, the last ${formatDuration(time - last.time)} ago in ${last.durationMs} ms` : '';
  return `${whole(taken)} taken${when}${restored ? ', restored from one' : ''}`;
}

function notes(all: readonly (string | null)[]): string {
  return all.filter((note) => note !== null).join(', ');
}

function perSecond(rate: number): string {
  return rate >= 100 || rate === 0 ? whole(Math.round(rate)) : rate.toFixed(1);
}

function whole(n: number): string {
  return n.toLocaleString('en');
}
