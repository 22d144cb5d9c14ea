import type { Batch } from '../batch.ts';
import type { Schema } from '../schema.ts';
import type { Source } from '../source.ts';

/** What a scripted source does at one poll: gives rows, none, or fails as a process would that dies there. */
export type Scripted = Batch | 'idle' | 'crash';

/** A source for tests that follows a script; its position is the number of steps done. A 'crash' is thrown once: after
 *  the restart the script goes on behind it. */
export function scriptedSource(schema: Schema, script: readonly Scripted[]): Source<number> {
  const crashed = new Set<number>();
  let at = 0;
  let caughtUpTo = Number.NEGATIVE_INFINITY;
  return {
    schema,
    async open(position) {
      at = position ?? 0;
    },
    async poll() {
      let step = script[at];
      if (step === 'crash' && !crashed.has(at)) {
        crashed.add(at);
        throw new Error('scripted crash');
      }
      while (step === 'crash') step = script[++at];
      if (step === undefined) return { batch: null, rejected: [], caughtUpTo, end: true };
      at++;
      if (step === 'idle') return { batch: null, rejected: [], caughtUpTo, end: false };
      caughtUpTo = Math.max(caughtUpTo, step.rowtime[step.length - 1]);
      return { batch: step, rejected: [], caughtUpTo, end: at === script.length };
    },
    position: () => at,
    async close() {},
  };
}
