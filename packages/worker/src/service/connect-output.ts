import type { Schema, Sink } from '@rowtime/core';
import { fileSink } from '@rowtime/sinks/file';
import type { OutputConnection } from '../application/connections.ts';
import { durationOf } from '../duration.ts';
import { CommandError } from '../exit.ts';

/** Makes the sink of an output. Rejects with what somebody has to mend. */
export async function connectOutput({ stream, to, format }: OutputConnection, schema: Schema): Promise<Sink> {
  if (format === 'CSV') throw new CommandError(`output ${stream}: RecordFormatType CSV is not supported yet`);
  switch (to.to) {
    case 'files': {
      const { folder, bufferSize, bufferInterval } = to;
      return fileSink({
        folder,
        stream,
        schema,
        ...(bufferSize !== undefined && { bufferBytes: Math.round(bufferSize * 2 ** 20) }),
        ...(bufferInterval !== undefined && { bufferMs: durationOf(bufferInterval)! }),
      });
    }
    default:
      throw new CommandError(`output ${stream}: to ${to.to} is not supported yet`);
  }
}
