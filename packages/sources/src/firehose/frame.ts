import { crc32 } from 'node:zlib';
import type { Millis } from '@rowtime/core';

/** One append to a journal: records that were accepted together, or what is still remembered of earlier requests. */
export type Frame =
  | {
      readonly kind: 'records';
      readonly time: Millis;
      readonly request: string;
      readonly records: readonly Uint8Array[];
    }
  | { readonly kind: 'requests'; readonly requests: readonly (readonly [id: string, time: Millis])[] };

export const frameHeaderBytes = 8;
const kinds = { records: 0, requests: 1 } as const;

/**
 * A frame as bytes, little-endian:
 *
 *     u32 length of the payload · u32 CRC-32 of it · payload
 *     records:   u8 0 · f64 time · u16 length · request id · u32 count · u32 end of each record · bytes
 *     requests:  u8 1 · JSON
 */
export function writeFrame(frame: Frame): Buffer {
  const payload = frame.kind === 'records' ? recordsPayload(frame) : requestsPayload(frame.requests);
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt32LE(crc32(payload), 4);
  payload.copy(bytes, frameHeaderBytes);
  return bytes;
}

/** The bytes of a payload, from its header; null for what cannot be one. */
export function payloadBytes(header: Buffer): number {
  return header.readUInt32LE(0);
}

/** The frame, or null if these are not the bytes that were written. */
export function readFrame(header: Buffer, payload: Buffer): Frame | null {
  if (crc32(payload) !== header.readUInt32LE(4)) return null;
  if (payload[0] === kinds.requests) return { kind: 'requests', requests: JSON.parse(payload.toString('utf8', 1)) };
  const idEnd = 11 + payload.readUInt16LE(9);
  const count = payload.readUInt32LE(idEnd);
  const start = idEnd + 4 + 4 * count;
  const end = (i: number): number => (i < 0 ? start : start + payload.readUInt32LE(idEnd + 4 + 4 * i));
  return {
    kind: 'records',
    time: payload.readDoubleLE(1),
    request: payload.toString('utf8', 11, idEnd),
    records: Array.from({ length: count }, (_, i) => payload.subarray(end(i - 1), end(i))),
  };
}

function recordsPayload({ time, request, records }: Extract<Frame, { kind: 'records' }>): Buffer {
  const id = Buffer.from(request);
  const head = Buffer.allocUnsafe(15 + id.length + 4 * records.length);
  head[0] = kinds.records;
  head.writeDoubleLE(time, 1);
  head.writeUInt16LE(id.length, 9);
  id.copy(head, 11);
  head.writeUInt32LE(records.length, 11 + id.length);
  let end = 0;
  for (const [i, record] of records.entries()) {
    end += record.length;
    head.writeUInt32LE(end, 15 + id.length + 4 * i);
  }
  return Buffer.concat([head, ...records]);
}

function requestsPayload(requests: Extract<Frame, { kind: 'requests' }>['requests']): Buffer {
  return Buffer.concat([Buffer.of(kinds.requests), Buffer.from(JSON.stringify(requests))]);
}
