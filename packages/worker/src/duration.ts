/** Milliseconds of "10s", "500ms", "2m", "1.5h" or "10" (seconds); null for what is no time, or none. */
export function durationOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text.trim());
  const unit = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 }[match?.[2] ?? 's'];
  const millis = Number(match?.[1]) * (unit ?? Number.NaN);
  return millis > 0 ? millis : null;
}
