import { type Scale, scale, ticks, timeText, timeTicks } from './axes.ts';
import { html, type Markup } from './markup.ts';

/** A picture is drawn once for a wide page and once for a phone: text in it has the size of the text around it. */
export const widths = { wide: 860, narrow: 330 } as const;

export type Width = keyof typeof widths;

/** What a picture is of, for those who cannot see it. */
export interface Caption {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** What there is to see in it, in a sentence. */
  readonly text: string;
}

/** The plot inside of its axes. */
export interface Frame {
  readonly x: Scale;
  readonly y: Scale;
  /** The picture around what is drawn in the plot. */
  picture(drawn: readonly Markup[]): Markup;
}

export interface Axes {
  readonly width: Width;
  readonly height: number;
  readonly x: { readonly from: number; readonly to: number; readonly isTime: boolean; readonly name?: string };
  readonly y: {
    readonly from: number;
    readonly to: number;
    readonly print: (value: number) => string;
    /** Half a row is no mark. */
    readonly isCount?: boolean;
  };
}

const margin = { top: 10, right: 14, bottom: 24, name: 16 };
const letter = 7.2;

export function frame(caption: Caption, { width, height, x: alongX, y: alongY }: Axes): Frame {
  const all = widths[width];
  const marks = ticks(alongY.from, alongY.to, 4).filter((mark) => !alongY.isCount || Number.isInteger(mark));
  const left = 12 + letter * Math.max(...marks.map((mark) => alongY.print(mark).length));
  const right = all - margin.right;
  const bottom = height - margin.bottom - (alongX.name === undefined ? 0 : margin.name);
  const x = scale(alongX.from, alongX.to, left, right);
  const y = scale(alongY.from, alongY.to, bottom, margin.top);
  const span = alongX.to - alongX.from;
  const print = (value: number): string => (alongX.isTime ? timeText(value, span) : number(value));
  const wanted = Math.max(2, Math.floor((right - left) / 90));
  const stops = alongX.isTime ? timeTicks(alongX.from, alongX.to, wanted) : ticks(alongX.from, alongX.to, wanted);
  return {
    x,
    y,
    picture: (drawn) => {
      const id = `${caption.id}-${width}`;
      return html`<svg class="${width}" role="img" aria-labelledby="${id}-title ${id}-text" viewBox="0 0 ${all} ${height}" width="${all}" height="${height}">
<title id="${id}-title">${caption.title}</title><desc id="${id}-text">${caption.text}</desc>
<g class="grid">${marks.map(
        (mark) =>
          html`<line x1="${place(left)}" x2="${place(right)}" y1="${place(y.at(mark))}" y2="${place(y.at(mark))}"/><text x="${place(left - 6)}" y="${place(y.at(mark) + 4)}" text-anchor="end">${alongY.print(mark)}</text>`,
      )}${stops.map(
        (stop) =>
          html`<line class="stop" x1="${place(x.at(stop))}" x2="${place(x.at(stop))}" y1="${place(bottom)}" y2="${place(bottom + 5)}"/><text x="${place(x.at(stop))}" y="${place(bottom + 19)}" text-anchor="${anchor(x.at(stop), left, right)}">${print(stop)}</text>`,
      )}${alongX.name === undefined ? null : html`<text class="name" x="${place((left + right) / 2)}" y="${place(height - 3)}" text-anchor="middle">${alongX.name}</text>`}</g>
${drawn}
</svg>`;
    },
  };
}

/** Both pictures; the style sheet shows the one that fits. */
export function bothWidths(draw: (width: Width) => Markup): Markup {
  return html`<div class="picture">${draw('wide')}${draw('narrow')}</div>`;
}

// A label at the edge stays inside the picture.
function anchor(at: number, left: number, right: number): string {
  if (at - left < 20) return 'start';
  return right - at < 20 ? 'end' : 'middle';
}

/** A coordinate: a tenth of a pixel is enough. */
export function place(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function number(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e9)) return value.toPrecision(3);
  return value.toLocaleString('en', { maximumFractionDigits: 3 });
}
