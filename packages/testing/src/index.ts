export type { Call, Fault, FaultSchedule, RandomFaults } from './faults.ts';
export { randomFaults, scripted, seededRandom, storm } from './faults.ts';
export type { DeliveryStreams, FirehoseQuotas } from './firehose/delivery-streams.ts';
export type { Comparison, LedgerEntry } from './ledger.ts';
export { Ledger } from './ledger.ts';
export type { S3Store, StoredObject, Upload } from './s3/store.ts';
export type { TestServer, TestServerOptions } from './server.ts';
export { startTestServer } from './server.ts';
