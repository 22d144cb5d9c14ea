import { type Batch, toRows } from '../src/batch.ts';
import type { Schema } from '../src/schema.ts';
import type { Sink } from '../src/sink.ts';

/** What outlives the process of a recording sink. */
export interface Recording {
  published: string[];
}

interface Prepared {
  /** How many lines were published before these. */
  readonly from: number;
  readonly lines: readonly string[];
}

/** A sink for tests: rows as lines of JSON, each published exactly once. */
export function recordingSink(storage: Recording, schema: Schema, beforeStep: (step: string) => void = () => {}): Sink {
  let waiting: string[] = [];
  let committed = 0;
  const publish = ({ from, lines }: Prepared): void => {
    beforeStep('publish');
    storage.published = [...storage.published.slice(0, from), ...lines];
  };
  return {
    async open(prepared) {
      const last = (prepared as Prepared | null) ?? { from: 0, lines: [] };
      publish(last);
      committed = last.from + last.lines.length;
    },
    write(batch: Batch) {
      for (const row of toRows(schema, batch)) waiting.push(JSON.stringify([row.rowtime, ...Object.values(row.row)]));
    },
    get pendingBytes() {
      return waiting.join('').length;
    },
    advance() {},
    prepare: async (): Promise<Prepared> => ({ from: committed, lines: waiting.slice() }),
    async commit(prepared) {
      const { from, lines } = prepared as Prepared;
      if (from < committed) return; // again
      publish({ from, lines });
      committed += lines.length;
      waiting = waiting.slice(lines.length);
    },
    async close() {},
  };
}
