import { createHash } from 'node:crypto';

/** What a producer wrote, before the Kinesis Producer Library may have packed many into one record of the stream. */
export interface UserRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/**
 * The user records inside a record that the Kinesis Producer Library aggregated; null if it is an ordinary one, which is
 * also what a damaged one counts as (amazon-kinesis-producer, "aggregation-format"):
 *
 *     F3 89 9A C2 | protobuf AggregatedRecord | MD5 of the protobuf
 *     AggregatedRecord { 1: partition keys, 2: explicit hash keys, 3: Record { 1: key index, 2, 3: data, 4 } }
 */
export function userRecords(record: Uint8Array): UserRecord[] | null {
  if (record[0] !== magic[0] || record.length < magic.length + md5Bytes) return null;
  if (magic.some((byte, i) => record[i] !== byte)) return null;
  const message = record.subarray(magic.length, record.length - md5Bytes);
  const digest = createHash('md5').update(message).digest();
  if (!digest.equals(record.subarray(record.length - md5Bytes))) return null;
  const partitionKeys: string[] = [];
  const records: { key: number; data: Uint8Array }[] = [];
  const isWhole = eachField(message, (field, _, bytes) => {
    if (field === 1 && bytes) partitionKeys.push(Buffer.from(bytes).toString('utf8'));
    if (field !== 3 || !bytes) return true;
    let key = 0;
    let data: Uint8Array = noBytes;
    const isRead = eachField(bytes, (inner, number, innerBytes) => {
      if (inner === 1) key = number;
      if (inner === 3 && innerBytes) data = innerBytes;
      return true;
    });
    records.push({ key, data });
    return isRead;
  });
  if (!isWhole || records.some(({ key }) => key >= partitionKeys.length)) return null;
  return records.map(({ key, data }) => ({ partitionKey: partitionKeys[key], data }));
}

const magic = [0xf3, 0x89, 0x9a, 0xc2];
const md5Bytes = 16;
const noBytes = new Uint8Array(0);

/** Hands over the fields of a protobuf message, numbers as `number` and the others as `bytes`. False: it is none, or
 *  `take` said so. */
function eachField(
  message: Uint8Array,
  take: (field: number, number: number, bytes: Uint8Array | null) => boolean,
): boolean {
  let at = 0;
  // Multiplied, not shifted: lengths and indexes may pass 31 bits on the wire. NaN: the message is cut off.
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      if (at >= message.length) return Number.NaN;
      const byte = message[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    const field = Math.floor(tag / 8);
    let number = 0;
    let bytes: Uint8Array | null = null;
    if (wireType === 0) {
      number = varint();
      if (Number.isNaN(number)) return false;
    } else {
      const length = wireType === 2 ? varint() : wireType === 1 ? 8 : wireType === 5 ? 4 : Number.NaN;
      if (!(at + length <= message.length)) return false;
      bytes = message.subarray(at, at + length);
      at += length;
    }
    if (!take(field, number, bytes)) return false;
  }
  return true;
}
