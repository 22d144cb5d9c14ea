import { bothWidths, type Caption, frame, number, place } from './frame.ts';
import { least, most } from './lines.ts';
import { html, type Markup } from './markup.ts';

export interface BarsOptions {
  readonly caption: Caption;
  readonly height: number;
  /** Along the axis is time, and not the place of a window. */
  readonly isTime: boolean;
  /** What a bar is made of, from below: the class of its colour. */
  readonly parts: readonly { readonly name: string; readonly style: string }[];
  /** A bar for each stretch of time, with a value for each part. */
  readonly bars: readonly {
    readonly from: number;
    readonly to: number;
    readonly values: readonly number[];
    readonly text: string;
  }[];
}

/** Stacked bars along the windows. */
export function barChart({ caption, height, isTime, parts, bars }: BarsOptions): Markup {
  const highest = most(bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const from = least(bars.map((bar) => bar.from));
  const to = most(bars.map((bar) => bar.to));
  return bothWidths((width) => {
    const plot = frame(caption, {
      width,
      height,
      x: { from, to, isTime, ...(!isTime && { name: 'window' }) },
      y: { from: 0, to: Math.max(1, highest), print: number, isCount: true },
    });
    const drawn = bars.map(({ from, to, values, text }) => {
      const [start, end] = [plot.x.at(from), plot.x.at(to)];
      const gap = end - start > 4 ? 1 : 0;
      let below = 0;
      const stack = values.flatMap((value, i) => {
        if (value === 0) return [];
        const [bottom, top] = [plot.y.at(below), plot.y.at(below + value)];
        below += value;
        // What there is can be seen, however little of all it is.
        const shown = Math.max(bottom - top, 1.5);
        return [
          html`<rect class="${parts[i]!.style}" x="${place(start + gap / 2)}" width="${place(Math.max(end - start - gap, 1))}" y="${place(bottom - shown)}" height="${place(shown)}"/>`,
        ];
      });
      return stack.length === 0 ? html`` : html`<g class="bar"><title>${text}</title>${stack}</g>`;
    });
    return plot.picture(drawn);
  });
}
