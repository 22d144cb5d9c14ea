import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../exit.ts';
import { painter } from '../paint.ts';
import type { Status } from '../service/status.ts';
import { standardOutput } from '../standard-output.ts';
import { stopSignal } from '../stop-signal.ts';
import { ratesOf } from './rates.ts';
import { line, view } from './view.ts';

export interface TopOptions {
  /** Where the monitor of a service is. */
  readonly url: string;
  readonly once: boolean;
  readonly json: boolean;
}

/** `rowtime top`: a service as it runs, looked at once a second through its /statusz. */
export async function top({ url, once, json }: TopOptions): Promise<void> {
  const address = statuszOf(url);
  const stop = stopSignal();
  const isTerminal = process.stdout.isTTY === true && !json;
  const write = standardOutput(() => stop.stop());
  const keys = isTerminal && !once ? listenForQuit(() => stop.stop()) : null;
  const screen = new Screen(isTerminal);
  try {
    let before: Status | null = null;
    while (!stop.signal.aborted) {
      const found = await statusAt(address, stop.signal);
      if (stop.signal.aborted) break;
      if ('reason' in found) {
        const reason = `${address}: ${found.reason}`;
        // The first look fails for good: a mistyped address, or a service that is not there. One that was there may come back.
        if (before === null)
          throw new CommandError(`${reason}; is the service running? Its log says "monitor" where it listens`);
        if (isTerminal) await write(screen.frame([reason]));
        else process.stderr.write(`${reason}\n`);
      } else {
        const current = found.status;
        await write(
          json
            ? `${JSON.stringify({ ...current, rates: ratesOf(before, current) })}\n`
            : screen.frame(shown(before, current, isTerminal)),
        );
        before = current;
      }
      if (once) break;
      await pause(1_000, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    keys?.release();
    stop.release();
  }
}

function shown(before: Status | null, current: Status, isTerminal: boolean): string[] {
  if (!isTerminal) return [line(before, current)];
  return view(before, current, painter(process.stdout), process.stdout.columns || 80);
}

/** Lines that are written over the ones before, where that is possible. */
class Screen {
  readonly #isTerminal: boolean;
  #height = 0;

  constructor(isTerminal: boolean) {
    this.#isTerminal = isTerminal;
  }

  frame(lines: readonly string[]): string {
    if (!this.#isTerminal) return lines.map((text) => `${text}\n`).join('');
    const up = this.#height > 0 ? `\u001b[${this.#height}A\r` : '';
    this.#height = lines.length;
    // Each line cleared to its end, and what was below the last one.
    return `${up}${lines.map((text) => `${text}\u001b[K\n`).join('')}\u001b[J`;
  }
}

/** q and, because in this mode of a terminal it is a key like any other, Ctrl-C. */
const quitKeys = ['q', 'Q', '\u0003'];

function listenForQuit(quit: () => void): { release(): void } {
  const { stdin } = process;
  if (!stdin.isTTY) return { release() {} };
  const onKey = (keys: Buffer): void => {
    if (quitKeys.some((key) => keys.includes(key))) quit();
  };
  stdin.setRawMode(true).on('data', onKey).resume();
  return {
    release() {
      stdin.off('data', onKey).setRawMode(false).pause();
    },
  };
}

function statuszOf(url: string): string {
  try {
    const { href } = new URL('/statusz', /^https?:\/\//.test(url) ? url : `http://${url}`);
    return href;
  } catch {
    throw new CommandError(`${url} is no address; expected one such as http://127.0.0.1:9464`);
  }
}

async function statusAt(
  address: string,
  signal: AbortSignal,
): Promise<{ readonly status: Status } | { readonly reason: string }> {
  try {
    const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) });
    if (!response.ok) return { reason: `it answers ${response.status}` };
    const status: unknown = await response.json();
    return isStatus(status) ? { status } : { reason: notOurs };
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: notOurs };
    const { cause, message } = error as Error;
    if (!(cause instanceof Error)) return { reason: message };
    return { reason: (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'nothing answers' : cause.message };
  }
}

const notOurs = 'what answers is no rowtime service';
const answerMs = 5_000;

function isStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null) return false;
  const { application, input, outputs, checkpoints, process: of } = value as Partial<Status>;
  return (
    typeof application === 'string' &&
    Array.isArray(outputs) &&
    [input, checkpoints, of].every((part) => typeof part === 'object')
  );
}
