import type { Batch, Millis } from '../batch.ts';
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
      // As a new process has it: it knows nothing of what an earlier one polled after the position.
      caughtUpTo = script
        .slice(0, at)
        .reduce((last, step) => Math.max(last, lastArrival(step)), Number.NEGATIVE_INFINITY);
    },
    async poll() {
      while (script[at] === 'crash' && crashed.has(at)) at++;
      const step = script[at];
      if (step === 'crash') {
        crashed.add(at);
        throw new Error('scripted crash');
      }
      if (step === undefined) return { batch: null, rejected: [], caughtUpTo, end: true };
      at++;
      if (step === 'idle') return { batch: null, rejected: [], caughtUpTo, end: false };
      caughtUpTo = Math.max(caughtUpTo, lastArrival(step));
      return { batch: step, rejected: [], caughtUpTo, end: at === script.length };
    },
    position: () => at,
    async close() {},
  };
}

function lastArrival(step: Scripted): Millis {
  return typeof step === 'string' ? Number.NEGATIVE_INFINITY : step.rowtime[step.length - 1];
}
