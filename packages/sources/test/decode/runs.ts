/** How often a property of the decoders is tried: `count` times, or ROWTIME_RUNS times as often (CONTRIBUTING.md). */
export function runs(count: number): number {
  return Math.ceil(count * Number(process.env['ROWTIME_RUNS'] ?? 1));
}
