import { printNumber } from '@rowtime/core';

/** One line at the bottom of a terminal that is written over; nothing where standard error is not a terminal. */
export class StatusLine {
  readonly #now: () => number;
  readonly #isTerminal = process.stderr.isTTY === true;
  #shownAt = 0;
  #isShown = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Ten times a second at most. */
  show(text: () => string): void {
    if (!this.#isTerminal || this.#now() - this.#shownAt < 100) return;
    this.#shownAt = this.#now();
    process.stderr.write(`\r\u001b[K${text().slice(0, (process.stderr.columns || 80) - 1)}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
    this.#isShown = false;
  }
}

export function formatDuration(millis: number): string {
  return millis < 60_000
    ? `${(millis / 1_000).toFixed(1)} s`
    : `${Math.floor(millis / 60_000)} min ${Math.round((millis % 60_000) / 1_000)} s`;
}

export function formatRate(rows: number, millis: number): string {
  const rate = millis > 0 ? (rows * 1_000) / millis : 0;
  return rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M rows/s` : `${printNumber(Math.round(rate))} rows/s`;
}
