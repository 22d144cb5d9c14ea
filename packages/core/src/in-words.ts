/** "1,204 rows", "1 row" */
export function printCount(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}

/** "3 rows held back"; null for none: see `remembers` of Operator. */
export function rowsHeld(count: number): string | null {
  return count === 0 ? null : `${printCount(count, 'row')} held back`;
}

/** "52 keys open"; without keys there is one group, or none. */
export function groupsOpen(count: number, keys: number): string | null {
  if (count === 0) return null;
  return keys === 0 ? 'open' : `${printCount(count, 'key')} open`;
}
