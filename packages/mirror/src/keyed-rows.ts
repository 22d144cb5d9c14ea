import { type Aligned, type Aligner, SequenceAlignment, TimedAlignment } from './align.ts';
import { Judge } from './judge.ts';
import type { Layout } from './layout.ts';
import type { Scores } from './scores.ts';
import { Sequence } from './sequence.ts';
import type { Row, Side } from './settings.ts';
import type { Tally } from './tally.ts';
import { Timed } from './timed.ts';

/** Compares rows with a key: cuts both sides into windows, aligns the windows, and judges pair after pair. */
export class KeyedRows {
  readonly #cutters: Readonly<Record<Side, Sequence | Timed>>;
  readonly #aligner: Aligner;
  readonly #judge: Judge;
  readonly #ended: Record<Side, boolean> = { recorded: false, ours: false };
  readonly #read: Record<Side, number> = { recorded: 0, ours: 0 };
  readonly #timed: { readonly recorded: Timed; readonly ours: Timed; readonly alignment: TimedAlignment } | null = null;

  constructor(layout: Layout, windowMillis: number, tally: Tally, scores: Scores, onShift: (millis: number) => void) {
    const out: Aligned = {
      pair: (recorded, ours) => {
        if (layout.scores.length > 0) {
          for (const row of recorded.rows.values()) scores.add('recorded', row);
          for (const row of ours.rows.values()) scores.add('ours', row);
        }
        this.#judge.pair(recorded, ours);
        if (layout.scores.length > 0) scores.flush();
      },
      single: (window, place) => this.#judge.gap(window, place),
      repeated: (side, rows) => {
        for (const row of rows) tally.duplicates(side, null, row);
      },
      shift: onShift,
    };
    if (layout.time < 0) {
      const recorded = new Sequence('recorded', layout, (window) => this.#aligner.push(window));
      const ours = new Sequence('ours', layout, (window) => this.#aligner.push(window));
      this.#cutters = { recorded, ours };
      this.#aligner = new SequenceAlignment(layout, { recorded: recorded.history, ours: ours.history }, out);
    } else {
      const cutter = (side: Side) =>
        new Timed(
          side,
          layout,
          windowMillis,
          (window) => this.#aligner.push(window),
          (stray, row, number) => {
            const column = layout.columns[layout.time];
            if (stray === 'duplicate') return tally.duplicates(side, null, row);
            if (stray === 'timeless') {
              tally.notices.add(`A row of the ${side} side has no ${column}: it was not compared.`);
            } else {
              if (stray === 'conflict') {
                tally.notices.add(
                  'Several rows of a window have one key: is the key complete, and the window not too long?',
                );
              } else tally.notices.add(`A row of the ${side} side came after its window and the next ones were over.`);
              this.#judge.stray(side, row, number * windowMillis);
            }
          },
        );
      const [recorded, ours] = [cutter('recorded'), cutter('ours')];
      const alignment = new TimedAlignment(layout, windowMillis, out);
      this.#cutters = { recorded, ours };
      this.#aligner = alignment;
      this.#timed = { recorded, ours, alignment };
    }
    this.#judge = new Judge(
      layout,
      tally,
      { recorded: this.#cutters.recorded.history, ours: this.#cutters.ours.history },
      (recorded, ours, index) => scores.pair(recorded, ours, index),
    );
  }

  get wants(): Side | null {
    const { recorded, ours } = this.#ended;
    if (recorded && ours) return null;
    if (recorded !== ours) return recorded ? 'ours' : 'recorded';
    const { waiting } = this.#aligner;
    // Times say who is behind; without them, who has fewer windows that wait.
    if (this.#timed !== null && Number.isFinite(this.#timed.recorded.newest + this.#timed.ours.newest)) {
      const behind = this.#timed.recorded.newest + this.#timed.alignment.shift - this.#timed.ours.newest;
      if (waiting.recorded.length < 8 !== waiting.ours.length < 8)
        return waiting.recorded.length < 8 ? 'recorded' : 'ours';
      if (behind !== 0) return behind < 0 ? 'recorded' : 'ours';
    } else if (waiting.recorded.length !== waiting.ours.length) {
      return waiting.recorded.length < waiting.ours.length ? 'recorded' : 'ours';
    }
    return this.#read.recorded <= this.#read.ours ? 'recorded' : 'ours';
  }

  push(side: Side, row: Row): void {
    this.#read[side]++;
    this.#cutters[side].push(row);
  }

  end(side: Side): void {
    this.#ended[side] = true;
    this.#cutters[side].end();
    this.#aligner.end(side);
    if (this.#ended.recorded && this.#ended.ours) this.#judge.end();
  }
}
