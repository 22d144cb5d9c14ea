import { bothWidths, type Caption, frame, place } from './frame.ts';
import { html, type Markup } from './markup.ts';

export interface Line {
  readonly name: string;
  /** Its place among the colours of the style sheet. */
  readonly style: string;
  /** A point with a text is marked, and says it when pointed at. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly text?: string }[];
}

export interface LinesOptions {
  readonly caption: Caption;
  readonly height: number;
  readonly isTime: boolean;
  readonly xName?: string;
  readonly y: { readonly from: number; readonly to: number; readonly print: (value: number) => string };
  readonly lines: readonly Line[];
}

/** Lines over time or over a value. */
export function lineChart({ caption, height, isTime, xName, y, lines }: LinesOptions): Markup {
  const xs = lines.flatMap(({ points }) => points.map((point) => point.x));
  const [from, to] = [least(xs), most(xs)];
  // A single point stands in the middle.
  const around = from === to ? (isTime ? 30_000 : Math.abs(from) / 10 || 1) : 0;
  return bothWidths((width) => {
    const plot = frame(caption, {
      width,
      height,
      x: { from: from - around, to: to + around, isTime, ...(xName !== undefined && { name: xName }) },
      y,
    });
    const drawn = lines.map(({ name, style, points }) => {
      const places = points.map((point) => `${place(plot.x.at(point.x))},${place(plot.y.at(point.y))}`);
      const marks = points.filter(({ text }) => text !== undefined);
      return html`<g class="${style}" data-line="${name}"><polyline points="${places.join(' ')}"/>${marks.map(
        (point) =>
          html`<circle cx="${place(plot.x.at(point.x))}" cy="${place(plot.y.at(point.y))}" r="3"><title>${point.text ?? null}</title></circle>`,
      )}</g>`;
    });
    return plot.picture(drawn);
  });
}

// Not Math.min(...): a long recording has more windows than a call has arguments.
export function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

export function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
