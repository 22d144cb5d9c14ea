import type { SeriesPoint, WindowLabel, WindowResult } from './report.ts';

interface Point {
  readonly window: WindowLabel;
  windows: number;
  equal: number;
  moved: number;
  different: number;
  onlyRecorded: number;
  onlyOurs: number;
}

/** Results of windows in their order; neighbours become one point whenever there would be too many. */
export class Series {
  readonly #max: number;
  #points: Point[] = [];
  #windowsPerPoint = 1;

  constructor(max: number) {
    this.#max = Math.max(2, max);
  }

  add({ window, ...counts }: WindowResult): void {
    let last = this.#points.at(-1);
    if (last === undefined || last.windows >= this.#windowsPerPoint) {
      if (this.#points.length === this.#max) this.#halve();
      last = this.#points.at(-1);
      if (last === undefined || last.windows >= this.#windowsPerPoint) {
        last = { window, windows: 0, equal: 0, moved: 0, different: 0, onlyRecorded: 0, onlyOurs: 0 };
        this.#points.push(last);
      }
    }
    addTo(last, { windows: 1, ...counts });
  }

  points(): SeriesPoint[] {
    return this.#points.map((point) => ({ ...point, agreement: agreementOf(point) }));
  }

  #halve(): void {
    const halved: Point[] = [];
    for (let i = 0; i < this.#points.length; i += 2) {
      const [point, next] = [this.#points[i]!, this.#points[i + 1]];
      if (next !== undefined) addTo(point, next);
      halved.push(point);
    }
    this.#points = halved;
    this.#windowsPerPoint *= 2;
  }
}

type Counts = Pick<SeriesPoint, 'equal' | 'moved' | 'different' | 'onlyRecorded' | 'onlyOurs'>;

/** The part of the rows that is equal or moved; 1 if there are none. */
export function agreementOf({ equal, moved, different, onlyRecorded, onlyOurs }: Counts): number {
  const all = equal + moved + different + onlyRecorded + onlyOurs;
  return all === 0 ? 1 : (equal + moved) / all;
}

function addTo(point: Point, more: Counts & { readonly windows: number }): void {
  point.windows += more.windows;
  point.equal += more.equal;
  point.moved += more.moved;
  point.different += more.different;
  point.onlyRecorded += more.onlyRecorded;
  point.onlyOurs += more.onlyOurs;
}
