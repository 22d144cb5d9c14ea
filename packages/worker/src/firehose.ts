import { join, relative } from 'node:path';
import { arrivalClock, Graph, run } from '@rowtime/core';
import { objectLayout } from '@rowtime/sinks/layout';
import type { ObjectWriter } from '@rowtime/sinks/objects';
import {
  type DeliveryStream,
  type DeliveryStreamConfig,
  DeliveryStreams,
  deliveryStreamSource,
  firehoseEndpoint,
  listen,
} from '@rowtime/sources/firehose';
import { FirehoseFault } from '@rowtime/sources/firehose-api';
import { parseS3Url } from './application/arn.ts';
import { checkpointFiles } from './checkpoint-files.ts';
import { CommandError, exitCodes } from './exit.ts';
import { type LandingPlace, landingIn, prefixIn } from './landing.ts';
import { isLoopback } from './loopback.ts';
import { stopSignal } from './stop-signal.ts';

export interface FirehoseOptions {
  readonly stream: string;
  /** A folder, or s3://bucket/prefix. */
  readonly bucket: string;
  /** Of S3; null: as the SDK finds it. */
  readonly region: string | null;
  /** Another address than AWS's. */
  readonly endpoint: string | null;
  readonly host: string;
  readonly port: number;
  /** null: inside of the bucket, if that is a folder. */
  readonly state: string | null;
  readonly bufferBytes: number;
  readonly bufferMs: number;
  /** How long a stop waits for an S3 that does not answer. */
  readonly stopMs: number;
  /** Of the HTTP endpoint destination; null: it is off. */
  readonly accessKey: string | null;
}

const checkpointEveryMs = 1_000;

/** `rowtime firehose`: delivery streams whose records land in a folder or in S3, until it is stopped. What was accepted before a
 *  crash is delivered after the next start. */
export async function firehose(options: FirehoseOptions): Promise<void> {
  const { bucket, accessKey } = options;
  if (!isLoopback(options.host) && accessKey === null) {
    throw new CommandError(
      `--host ${options.host}: the Firehose API does not check who calls it and is there on 127.0.0.1 only; set ROWTIME_FIREHOSE_ACCESS_KEY to take what a delivery stream in AWS delivers`,
    );
  }
  const now = Date.now;
  const isS3 = parseS3Url(bucket) !== null;
  if (!isS3 && (options.endpoint !== null || options.region !== null))
    throw new CommandError('--endpoint and --region are for --bucket s3://…', exitCodes.usage);
  // The SDK would tell everybody on Node 20 that its next year's versions want a newer one; ours is exact.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const folder = options.state ?? (isS3 ? 'rowtime-firehose' : join(bucket, '.rowtime', 'delivery-streams'));
  const stop = stopSignal();
  const hurry = new AbortController();
  stop.signal.addEventListener('abort', () => setTimeout(() => hurry.abort(), options.stopMs).unref());
  const place: LandingPlace = {
    bucket,
    s3: {
      ...(options.region !== null && { region: options.region }),
      ...(options.endpoint !== null && { endpoint: options.endpoint, forcePathStyle: true }),
    },
    stop: hurry.signal,
    onRetry: ({ action, resource, error }) => report(`${action} on ${resource} failed, and is tried again: ${error}`),
  };
  const deliveries = new Map<string, Delivery>();
  const streams: DeliveryStreams = new DeliveryStreams({
    folder,
    now,
    onTorn: (file, bytes) => report(`${file}: cut off ${bytes} bytes that were being written when the process died`),
    check: ({ name, prefix, errorPrefix, timeZone }) => expectPrefixes(bucket, name, prefix, errorPrefix, timeZone),
    onStream: async (stream) => {
      const delivery = await deliver(stream, place, join(folder, stream.config.name), now);
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
      `${streams.all.map(({ config }) => config.name).join(', ')} into ${isS3 ? bucket : relative('.', bucket) || '.'}; Ctrl-C stops it.`,
    );
    await aborted(stop.signal);
    await server.close();
  } finally {
    for (const delivery of deliveries.values()) await delivery.end().catch(() => {});
    await streams.close();
    stop.release();
  }
  if (failure !== undefined) throw failure;
  if ([...deliveries.values()].some(({ landing }) => landing.unpublished > 0)) {
    const waited = `S3 did not take all within ${options.stopMs / 1_000} s of the stop`;
    throw new CommandError(
      `${waited}; the rest is in ${folder}, and the next start delivers it`,
      exitCodes.undelivered,
    );
  }
}

/** What the service says to a prefix that it cannot evaluate. */
function expectPrefixes(
  bucket: string,
  stream: string,
  prefix: string,
  errorPrefix: string | null,
  timeZone: string,
): void {
  try {
    const errors = errorPrefix === null ? {} : { errorPrefix: prefixIn(bucket, errorPrefix) };
    objectLayout({ stream, prefix: prefixIn(bucket, prefix), ...errors, timeZone });
  } catch (error) {
    if (error instanceof RangeError) throw new FirehoseFault('InvalidArgumentException', error.message);
    throw error;
  }
}

interface Delivery {
  readonly landing: ObjectWriter;
  readonly ended: Promise<unknown>;
  /** Delivers what is buffered, and ends. */
  end(): Promise<unknown>;
}

/** Records of one stream into its objects: a job whose application has no pumps. */
async function deliver(
  { config, journal }: DeliveryStream,
  place: LandingPlace,
  folder: string,
  now: () => number,
): Promise<Delivery> {
  const { name, prefix, timeZone, bufferBytes, bufferMs, compression } = config;
  const landing = await landingIn(
    place,
    {
      stream: name,
      prefix,
      timeZone,
      bufferBytes,
      // An interval of 0 is one of as little as can be.
      bufferMs: Math.max(bufferMs, 1),
      compression: compression === 'GZIP' ? 'gzip' : 'none',
    },
    join(folder, 'landing'),
  );
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
      store: checkpointFiles(join(folder, 'checkpoints'), {
        onRefused: (file, reason) => report(`${file} is not used: ${reason}`),
      }),
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
    landing,
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

function configOf(
  { stream: name, bucket, bufferBytes, bufferMs }: FirehoseOptions,
  created: number,
): DeliveryStreamConfig {
  return {
    name,
    created,
    bucket: parseS3Url(bucket)?.bucket ?? 'bucket',
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
