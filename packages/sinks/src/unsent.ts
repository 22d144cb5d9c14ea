import type { Delivery, Outgoing } from './delivery.ts';

/** What a checkpoint holds for a sink of deliveries: how many rows it had taken, and, if the process was told to stop
 *  before the service had all of them, the rest. */
export interface Prepared {
  readonly target: string;
  readonly rows: number;
  readonly unsent: readonly { readonly key: string; readonly data: Uint8Array; readonly attempts: number }[];
}

export function prepared(target: string, rows: number, unsent: readonly Outgoing[]): Prepared {
  return { target, rows, unsent: unsent.map(({ key, data, attempts }) => ({ key, data, attempts })) };
}

/** Takes up what another process left. Returns how many rows were taken before. */
export function resume(delivery: Delivery, saved: unknown, target: string): number {
  if (saved === null) return 0;
  const { rows, unsent } = own(saved, target);
  for (const { key, data, attempts } of unsent) delivery.add(key, data, attempts);
  return rows;
}

export function own(saved: unknown, target: string): Prepared {
  const { target: of, rows, unsent } = (saved ?? {}) as Partial<Prepared>;
  if (typeof of !== 'string' || typeof rows !== 'number' || !Array.isArray(unsent)) {
    throw new Error(`the checkpoint does not hold what a sink to ${target} prepared`);
  }
  if (of !== target) throw new Error(`the checkpoint is of a sink to ${of}, and this one goes to ${target}`);
  return { target, rows, unsent };
}
