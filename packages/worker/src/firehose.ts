import { join, relative } from 'node:path';
import { arrivalClock, Graph, run } from '@rowtime/core';
import { ObjectWriter } from '@rowtime/sinks/objects';
import {
  type DeliveryStream,
  type DeliveryStreamConfig,
  DeliveryStreams,
  deliveryStreamSource,
  firehoseEndpoint,
  listen,
} from '@rowtime/sources/firehose';
import { checkpointFiles } from './checkpoint-files.ts';
import { CommandError } from './exit.ts';
import { isLoopback } from './loopback.ts';
import { stopSignal } from './stop-signal.ts';

export interface FirehoseOptions {
  readonly stream: string;
  readonly bucket: string;
  readonly host: string;
  readonly port: number;
  /** null: inside of the bucket. */
  readonly state: string | null;
  readonly bufferBytes: number;
  readonly bufferMs: number;
  /** Of the HTTP endpoint destination; null: it is off. */
  readonly accessKey: string | null;
}

const checkpointEveryMs = 1_000;

/** `rowtime firehose`: delivery streams whose records land in a folder, until it is stopped. What was accepted before a
 *  crash is delivered after the next start. */
export async function firehose(options: FirehoseOptions): Promise<void> {
  const { bucket, accessKey } = options;
  if (!isLoopback(options.host) && accessKey === null) {
    throw new CommandError(
      `--host ${options.host}: the Firehose API does not check who calls it and is there on 127.0.0.1 only; set ROWTIME_FIREHOSE_ACCESS_KEY to take what a delivery stream in AWS delivers`,
    );
  }
  const now = Date.now;
  const folder = options.state ?? join(bucket, '.rowtime', 'delivery-streams');
  const stop = stopSignal();
  const deliveries = new Map<string, Delivery>();
  const streams: DeliveryStreams = new DeliveryStreams({
    folder,
    now,
    onTorn: (file, bytes) => report(`${file}: cut off ${bytes} bytes that were being written when the process died`),
    onStream: async (stream) => {
      const delivery = deliver(stream, bucket, join(folder, stream.config.name, 'checkpoints'), now);
      deliveries.set(stream.config.name, delivery);
      delivery.ended.catch((error: unknown) => {
        failure ??= error;
        stop.stop();
      });
    },
    onRemove: async ({ config }) => {
      await deliveries.get(config.name)?.end();
      deliveries.delete(config.name);
    },
  });
  let failure: unknown;
  try {
    await streams.open(configOf(options, now()));
    for (const config of streams.keptAll()) await streams.open(config);
    const app = firehoseEndpoint({
      streams,
      now,
      api: isLoopback(options.host),
      ...(accessKey !== null && { accessKey }),
      onError: (error) => report(error instanceof Error ? error.message : String(error)),
    });
    const server = await listen(app, { host: options.host, port: options.port });
    process.stdout.write(`${server.url}\n`);
    report(
      `${streams.all.map(({ config }) => config.name).join(', ')} into ${relative('.', bucket) || '.'}; Ctrl-C stops it.`,
    );
    await aborted(stop.signal);
    await server.close();
  } finally {
    for (const delivery of deliveries.values()) await delivery.end().catch(() => {});
    await streams.close();
    stop.release();
  }
  if (failure !== undefined) throw failure;
}

interface Delivery {
  readonly ended: Promise<unknown>;
  /** Delivers what is buffered, and ends. */
  end(): Promise<unknown>;
}

/** Records of one stream into its objects: a job whose application has no pumps. */
function deliver(
  { config, journal }: DeliveryStream,
  bucket: string,
  checkpoints: string,
  now: () => number,
): Delivery {
  const landing = new ObjectWriter({
    folder: bucket,
    prefix: config.prefix,
    stream: config.name,
    bufferBytes: config.bufferBytes,
    bufferMs: config.bufferMs,
  });
  const source = deliveryStreamSource({ journal, decoder: noRows, stream: config.name, landing });
  let checkpointed = now();
  const controller = new AbortController();
  const ended = run(
    {
      source,
      stream: config.name,
      clock: arrivalClock(),
      graph: new Graph([], `delivery stream ${config.name}`),
      sinks: [],
      participants: [landing, source.participant],
      store: checkpointFiles(checkpoints, { onRefused: (file, reason) => report(`${file} is not used: ${reason}`) }),
      checkpointDue: () => {
        if (now() - checkpointed < checkpointEveryMs) return false;
        checkpointed = now();
        return true;
      },
      // People who stop it want to see their records.
      publishOnStop: true,
    },
    controller.signal,
  );
  return {
    ended,
    end() {
      controller.abort();
      return ended;
    },
  };
}

/** The records are delivered as they are. */
const noRows = {
  schema: [],
  begin() {},
  push() {},
  end() {},
  decode: () => false,
  reject() {},
  rows: 0,
  take: () => ({ batch: null, rejected: [] }),
};

function configOf({ stream: name, bufferBytes, bufferMs }: FirehoseOptions, created: number): DeliveryStreamConfig {
  return {
    name,
    created,
    bucket: 'bucket',
    roleArn: 'arn:aws:iam::123456789012:role/firehose',
    prefix: '',
    errorPrefix: null,
    bufferBytes,
    bufferMs,
    compression: 'UNCOMPRESSED',
    timeZone: 'UTC',
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function report(text: string): void {
  process.stderr.write(`${text}\n`);
}
