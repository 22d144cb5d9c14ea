declare module 'aws-kinesis-agg' {
  interface Aggregated {
    readonly partitionKey: string;
    readonly data: Buffer;
  }
  interface UserRecord {
    readonly partitionKey: string;
    readonly subSequenceNumber: number;
    readonly data: string;
  }
  const aggregator: {
    aggregate(
      records: readonly { readonly partitionKey: string; readonly data: Buffer; readonly explicitHashKey?: string }[],
      onRecord: (record: Aggregated, done: (error?: Error) => void) => void,
      onEnd: () => void,
      onError: (error: Error) => void,
    ): void;
    deaggregateSync(
      record: {
        readonly kinesis?: unknown;
        readonly data: string;
        readonly partitionKey: string;
        readonly sequenceNumber: string;
      },
      checksums: boolean,
      done: (error: Error | null, records?: UserRecord[]) => void,
    ): void;
  };
  export default aggregator;
}
