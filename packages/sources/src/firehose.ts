export {
  Journal,
  JournalFull,
  type JournalOptions,
  type JournalPosition,
  type JournalRecord,
} from './firehose/journal.ts';
export { type FirehoseEndpointOptions, firehoseEndpoint, type Listening, listen } from './firehose/server.ts';
export {
  type DeliveryStreamSource,
  type DeliveryStreamSourceOptions,
  deliveryStreamSource,
  type RecordDecoder,
} from './firehose/source.ts';
export {
  type DeliveryStream,
  type DeliveryStreamConfig,
  DeliveryStreams,
  type DeliveryStreamsOptions,
} from './firehose/streams.ts';
