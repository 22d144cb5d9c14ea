import type { Batch, Schema, Sink } from '@rowtime/core';
import { createJsonEncoder } from './encode/json.ts';

export interface StdoutSinkOptions {
  readonly stream: string;
  readonly schema: Schema;
  /** Where the lines go: `process.stdout`, by the worker. Waited for. */
  readonly write: (text: string) => void | Promise<void>;
}

/** Prints the rows of a stream as `{"stream":"NAME","row":{"ROWTIME":"2024-01-01T00:01:00.000Z", …}}`, once the checkpoint
 *  that covers them is durable. A view, not a record: lines wait in memory only, so those of a process that died between
 *  saving a checkpoint and printing are not printed by the next one. No line comes twice. Files keep all (file.ts). */
export function stdoutSink({ stream, schema, write }: StdoutSinkOptions): Sink {
  const encoder = createJsonEncoder(schema, {
    rowtime: 'iso',
    prefix: `{"stream":${JSON.stringify(stream)},"row":`,
    delimiter: '}\n',
  });
  const decoder = new TextDecoder();
  let written: string[] = [];
  let writtenBytes = 0;
  let prepared: string[] = [];
  let preparedBytes = 0;
  return {
    open: async () => {},
    write(batch: Batch) {
      const { bytes } = encoder.encode(batch);
      written.push(decoder.decode(bytes));
      writtenBytes += bytes.length;
    },
    get pendingBytes() {
      return writtenBytes + preparedBytes;
    },
    advance() {},
    async prepare() {
      prepared = prepared.concat(written);
      preparedBytes += writtenBytes;
      written = [];
      writtenBytes = 0;
      return null;
    },
    async commit() {
      const text = prepared.join('');
      prepared = [];
      preparedBytes = 0;
      if (text !== '') await write(text);
    },
    close: async () => {},
  };
}
