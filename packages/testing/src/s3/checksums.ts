import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Fault } from './fault.ts';

/** The algorithms of `x-amz-checksum-…` that are verified here; CRC64NVME is not. */
const algorithms: Readonly<Record<string, (content: Uint8Array) => string>> = {
  crc32: (content) => base64(crc32(content)),
  crc32c: (content) => base64(crc32c(content)),
  sha1: (content) => createHash('sha1').update(content).digest('base64'),
  sha256: (content) => createHash('sha256').update(content).digest('base64'),
};

export interface Checksum {
  readonly algorithm: string;
  readonly value: string;
}

/** The checksum that a request gives for its content, in a header or a trailer, compared with the content. */
export function verifiedChecksum(
  headers: Readonly<Record<string, string | undefined>>,
  content: Uint8Array,
): Checksum | null {
  for (const [algorithm, compute] of Object.entries(algorithms)) {
    const given = headers[`x-amz-checksum-${algorithm}`];
    if (given === undefined) continue;
    const value = compute(content);
    if (value !== given) {
      throw new S3Fault(
        400,
        'BadDigest',
        `The ${algorithm.toUpperCase()} you specified did not match what we received.`,
      );
    }
    return { algorithm, value };
  }
  return null;
}

export function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

export function base64(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** RFC 3720, appendix B.4. */
function crc32c(content: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < content.length; i++) crc = table[(crc ^ content[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
