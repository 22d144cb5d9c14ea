import type { Verdict, WindowLabel } from '@rowtime/mirror';
import { isGood } from '../summary.ts';

export function verdictClass(verdict: Verdict): string {
  return isGood(verdict) ? 'good' : 'bad';
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

export function windowText({ from, index }: WindowLabel): string {
  return from === null ? `window ${index + 1}` : `${new Date(from).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
