/** A record that a delivery stream has accepted. */
export interface LedgerEntry {
  readonly id: string;
  readonly data: Buffer;
}

/** Every record that was accepted, in order: what a test counts lost and duplicated records by. */
export class Ledger {
  readonly #entries: LedgerEntry[] = [];
  readonly #keepsData: boolean;
  #count = 0;
  #bytes = 0;

  constructor(keepsData: boolean) {
    this.#keepsData = keepsData;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  add(entry: LedgerEntry): void {
    this.#count++;
    this.#bytes += entry.data.length;
    if (this.#keepsData) this.#entries.push(entry);
  }

  /** All that was accepted, joined and cut again after each `\n`: the rows, however they were packed. */
  lines(): string[] {
    return this.#entries.flatMap(({ data }) => data.toString().match(/[^\n]*\n|[^\n]+/g) ?? []);
  }

  /** What of `expected` never came, and how many times too often something did. `foreign` was never sent. */
  compare(expected: readonly string[], found: readonly string[] = this.lines()): Comparison {
    const left = new Map<string, number>();
    for (const one of expected) left.set(one, (left.get(one) ?? 0) + 1);
    const known = new Set(left.keys());
    for (const one of found) left.set(one, (left.get(one) ?? 0) - 1);
    const counts = { lost: 0, duplicated: 0, foreign: 0 };
    for (const [one, more] of left) {
      if (more > 0) counts.lost += more;
      else if (known.has(one)) counts.duplicated -= more;
      else counts.foreign -= more;
    }
    return counts;
  }
}

export interface Comparison {
  readonly lost: number;
  readonly duplicated: number;
  readonly foreign: number;
}
