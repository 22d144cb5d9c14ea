/** Records that go in one call: one after the other in `bytes`. */
export interface PutRecords {
  readonly bytes: Uint8Array;
  /** Record i is bytes[ends[i - 1], ends[i]). */
  readonly ends: readonly number[];
  /** How many rows each record holds. */
  readonly rows: readonly number[];
}

export interface PackLimits {
  readonly recordsPerCall: number;
  /** Of a call on the wire: base64 and what JSON puts around each record. */
  readonly wireBytes: number;
  /** Rows are joined in one record up to this. 0: a row, a record. */
  readonly joinedBytes: number;
}

/** Packs rows into records, and records into calls. A row is never cut. */
export class CallPacker {
  readonly #limits: PackLimits;
  #bytes = new Uint8Array(1 << 16);
  #size = 0;
  #ends: number[] = [];
  #rows: number[] = [];
  #wireBytes = 0;

  constructor(limits: PackLimits) {
    this.#limits = limits;
  }

  /** Of what waits for `take`. */
  get size(): number {
    return this.#size;
  }

  get isEmpty(): boolean {
    return this.#ends.length === 0;
  }

  /** False if the row has no room in this call any more: take it, and add the row to the next. */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    const size = to - from;
    const last = this.#ends.length - 1;
    const recordSize = last < 0 ? 0 : this.#size - (this.#ends[last - 1] ?? 0);
    const joins = last >= 0 && recordSize + size <= this.#limits.joinedBytes;
    const more = joins ? wireSize(recordSize + size) - wireSize(recordSize) : wireSize(size);
    const isFull = !joins && this.#ends.length === this.#limits.recordsPerCall;
    if (!this.isEmpty && (isFull || this.#wireBytes + more > this.#limits.wireBytes)) return false;
    this.#copy(bytes, from, to);
    this.#wireBytes += more;
    if (joins) {
      this.#ends[last] = this.#size;
      this.#rows[last]! += 1;
    } else {
      this.#ends.push(this.#size);
      this.#rows.push(1);
    }
    return true;
  }

  /** What was added since the last call. */
  take(): PutRecords {
    const taken = { bytes: this.#bytes.subarray(0, this.#size), ends: this.#ends, rows: this.#rows };
    // As large as this one was: the next will be like it.
    this.#bytes = new Uint8Array(Math.max(this.#size, 1 << 16));
    this.#size = 0;
    this.#ends = [];
    this.#rows = [];
    this.#wireBytes = 0;
    return taken;
  }

  #copy(bytes: Uint8Array, from: number, to: number): void {
    const size = this.#size + to - from;
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, size));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    // Under a hundred bytes or so, a plain loop beats the call.
    if (to - from > 96) this.#bytes.set(bytes.subarray(from, to), this.#size);
    else for (let i = from, o = this.#size; i < to; i++, o++) this.#bytes[o] = bytes[i]!;
    this.#size = size;
  }
}

/** `{"Data":"…"},` */
function wireSize(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + 12;
}
