import type { Millis } from '@rowtime/core';

/** The arrival times of the rows not yet taken: runs of equal ones. */
export class Arrivals {
  #starts: number[] = [];
  #times: Millis[] = [];
  /** As many rows as a batch had, all of one time. Batches never change, so the next may have the same. */
  #same = new Float64Array(0);

  /** Row `row` and those after it arrived at `time`. */
  from(row: number, time: Millis): void {
    while (this.#starts.length > 0 && this.#starts.at(-1)! >= row) {
      this.#starts.pop();
      this.#times.pop();
    }
    if (this.#starts.length > 0 && this.#times.at(-1) === time) return;
    this.#starts.push(row);
    this.#times.push(time);
  }

  take(rows: number): Float64Array {
    const starts = this.#starts;
    const times = this.#times;
    this.#starts = [];
    this.#times = [];
    if (times.length === 1) {
      if (this.#same.length < rows || this.#same[0] !== times[0]) this.#same = new Float64Array(rows).fill(times[0]);
      return this.#same.subarray(0, rows);
    }
    const rowtime = new Float64Array(rows);
    times.forEach((time, i) => {
      rowtime.fill(time, starts[i], starts[i + 1] ?? rows);
    });
    return rowtime;
  }
}
