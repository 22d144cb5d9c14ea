/** The name among `names` that was probably meant: equal but for case, or one or two typing errors away. */
export function suggest(wanted: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.min(2, Math.floor(wanted.length / 2)) + 1;
  for (const name of names) {
    if (name.toUpperCase() === wanted.toUpperCase()) return name;
    if (Math.abs(name.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(name.toUpperCase(), wanted.toUpperCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** How to write a name so that it is found: quoted if it is not in upper case. */
export function printName(name: string): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

// Levenshtein, one row of the table at a time.
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

export function countColumns(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}
