import { randomUUID } from 'node:crypto';
import type { Millis } from '@rowtime/core';
import {
  batchReply,
  deliveryStreamArn,
  describeDeliveryStream,
  FirehoseFault,
  parseFirehoseRequest,
} from '../firehose-api.ts';
import { JournalFull } from './journal.ts';
import type { DeliveryStream, DeliveryStreams } from './streams.ts';

export interface ApiContext {
  readonly streams: DeliveryStreams;
  readonly now: () => Millis;
  /** Whether streams can be made and removed. */
  readonly canCreate: boolean;
}

/** Answers one request of the Firehose API, as JSON. Throws a FirehoseFault for what the service would refuse. */
export async function answer(target: string | undefined, body: Uint8Array, context: ApiContext): Promise<string> {
  const { streams, now } = context;
  const request = parseFirehoseRequest(target, body);
  switch (request.action) {
    case 'PutRecord': {
      await durable(() => find(request.stream, streams).journal.append(request.records));
      return JSON.stringify({ RecordId: recordId(), Encrypted: false });
    }
    case 'PutRecordBatch': {
      await durable(() => find(request.stream, streams).journal.append(request.records));
      return batchReply(request.records.map(() => ({ id: recordId() })));
    }
    case 'CreateDeliveryStream': {
      expectCreate(context);
      if (streams.get(request.stream)) {
        throw new FirehoseFault('ResourceInUseException', `delivery stream ${request.stream} exists already`);
      }
      const { name } = (await streams.create({ name: request.stream, created: now(), ...request.destination })).config;
      return JSON.stringify({ DeliveryStreamARN: deliveryStreamArn(name) });
    }
    case 'UpdateDestination':
      throw new FirehoseFault(
        'InvalidArgumentException',
        'the destination of a delivery stream here stays as it was made',
      );
    case 'DescribeDeliveryStream': {
      const { name, created, ...destination } = find(request.stream, streams).config;
      return describeDeliveryStream(name, 1, destination, created);
    }
    case 'ListDeliveryStreams': {
      const { limit, after } = request;
      const names = streams.all.map(({ config }) => config.name).filter((name) => after === null || name > after);
      return JSON.stringify({
        DeliveryStreamNames: names.slice(0, limit),
        HasMoreDeliveryStreams: names.length > limit,
      });
    }
    case 'DeleteDeliveryStream':
      expectCreate(context);
      await streams.remove(find(request.stream, streams).config.name);
      return '{}';
  }
}

function find(name: string, streams: DeliveryStreams): DeliveryStream {
  const stream = streams.get(name);
  if (stream) return stream;
  throw new FirehoseFault('ResourceNotFoundException', `there is no delivery stream ${name} here`);
}

function expectCreate({ canCreate }: ApiContext): void {
  if (canCreate) return;
  throw new FirehoseFault(
    'LimitExceededException',
    'this endpoint has the delivery stream of one application, and no other',
  );
}

async function durable(append: () => Promise<void>): Promise<void> {
  try {
    await append();
  } catch (error) {
    if (error instanceof FirehoseFault) throw error;
    const what = error instanceof JournalFull ? error.message : 'the disk did not take the records';
    // SDKs repeat this one, with growing pauses: the producer waits instead of losing records.
    throw new FirehoseFault('ServiceUnavailableException', `Slow down: ${what}.`, 503);
  }
}

function recordId(): string {
  return `${randomUUID()}${randomUUID()}`.replaceAll('-', '');
}
