/** One thing that goes wrong with one call. */
export type Fault =
  /** Refused with this status and error code; nothing is done. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  /** PutRecordBatch: these records are refused, the others taken. */
  | { readonly kind: 'fail records'; readonly records: readonly number[]; readonly code?: string }
  /** No reply ever, before or after the call was done. */
  | { readonly kind: 'hang'; readonly done: boolean }
  /** The connection ends: before the call was done, after it, or with half of the reply sent. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' | 'mid reply' }
  /** Half of a reply that says it is whole. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'delay'; readonly millis: number }
  /** Done twice: the records are in the delivery stream two times, by the service's own fault. */
  | { readonly kind: 'store twice' };

export interface Call {
  readonly service: 's3' | 'firehose';
  /** "PutObject", "PutRecordBatch". */
  readonly operation: string;
  /** "bucket/key", or the delivery stream. */
  readonly resource: string;
  /** How many calls there were before. */
  readonly index: number;
}

/** Asked once for each call, in the order in which they come. */
export type FaultSchedule = (call: Call) => Fault | null;

/** The first calls get these, the rest none. `operation`: only calls of that one count. */
export function scripted(faults: readonly (Fault | null)[], operation?: string): FaultSchedule {
  const left = [...faults];
  return (call) => (operation === undefined || call.operation === operation ? (left.shift() ?? null) : null);
}

export function storm(calls: number, fault: Fault): FaultSchedule {
  return scripted(Array.from({ length: calls }, () => fault));
}

export interface RandomFaults {
  readonly seed: number;
  /** Of calls, from 0 to 1. */
  readonly share: number;
  readonly faults: readonly Fault[];
  /** No more than this many. */
  readonly atMost: number;
  /** A call that is refused with an error is the first of up to so many. */
  readonly stormMax?: number;
}

/** Faults by chance, the same for the same seed and calls. */
export function randomFaults({ seed, share, faults, atMost, stormMax = 1 }: RandomFaults): FaultSchedule {
  const random = seededRandom(seed);
  let left = atMost;
  let storm: { fault: Fault; calls: number } | null = null;
  return () => {
    if (storm !== null && storm.calls > 0) {
      storm.calls--;
      return storm.fault;
    }
    if (left <= 0 || faults.length === 0 || random() >= share) return null;
    left--;
    const fault = faults[Math.floor(random() * faults.length)]!;
    storm = { fault, calls: fault.kind === 'error' ? Math.floor(random() * stormMax) : 0 };
    return fault;
  };
}

/** Numbers in [0, 1). SplitMix32. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}
