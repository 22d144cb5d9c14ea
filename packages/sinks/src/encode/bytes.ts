export function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  return at + length;
}

export function putAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

export const encoder = new TextEncoder();

export function utf8(text: string, before?: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(text);
  if (!before) return bytes;
  const joined = new Uint8Array(before.length + bytes.length);
  joined.set(before);
  joined.set(bytes, before.length);
  return joined;
}

/** A buffer with room for `more` bytes after the first `used`, which it has too. */
export function grown(out: Uint8Array<ArrayBuffer>, used: number, more: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(Math.max(out.length * 2, used + more));
  next.set(out.subarray(0, used));
  return next;
}
