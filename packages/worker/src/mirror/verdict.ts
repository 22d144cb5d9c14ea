import type { Verdict } from '@rowtime/mirror';
import type { StreamResult } from './compare-stream.ts';

/** What is true of every stream: the gravest of their verdicts. */
export function verdictOf(streams: readonly StreamResult[]): Verdict {
  const gravest: readonly Verdict[] = ['differ', 'nothing', 'explained', 'agree'];
  return gravest.find((verdict) => streams.some(({ report }) => report.verdict === verdict)) ?? 'nothing';
}

/** The verdict in words. */
export const verdictTexts: Readonly<Record<Verdict, string>> = {
  agree: 'the results agree',
  explained: 'the results agree; every difference is one that two recordings of equal results have',
  differ: 'the results differ',
  nothing: 'nothing could be compared',
};

/** A part of a whole as people read it: 100 % only if it is all of it. */
export function percent(part: number): string {
  if (part === 1) return '100 %';
  const text = (part * 100).toFixed(2);
  return `${text === '100.00' ? '99.99' : text} %`;
}
