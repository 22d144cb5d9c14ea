/** 1,204. `toLocaleString` loads the tables of ICU for it, which takes as long as reading a small file. */
export function printNumber(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** "1,204 rows", "1 row" */
export function printCount(count: number, one: string): string {
  return `${printNumber(count)} ${one}${count === 1 ? '' : 's'}`;
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
