// The files of tests that tell what goes in and what comes out (.slt), after those of sqllogictest: records with blank lines
// between them, and lines that begin with # for people. What a record means is said by who runs it.

export interface SltLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

export interface SltRecord {
  /** The words of its first line, after comments. */
  readonly words: readonly string[];
  readonly line: number;
  /** The lines below, up to a blank one; of `expect`, those below the divider. */
  readonly body: readonly SltLine[];
}

/** Throws an Error with the line for an `expect` without its divider. */
export function parseSlt(text: string): SltRecord[] {
  const records: SltRecord[] = [];
  const lines = text.split('\n').map((line, i): SltLine => ({ text: line.trimEnd(), number: i + 1 }));
  for (let i = 0; i < lines.length; ) {
    const head = lines[i]!;
    if (head.text === '' || head.text.startsWith('#')) {
      i++;
      continue;
    }
    let to = i + 1;
    while (to < lines.length && lines[to]!.text !== '') to++;
    const words = head.text.split(/\s+/);
    const body = lines.slice(i + 1, to);
    if (words[0] === 'expect' && body.shift()?.text !== '----')
      throw new Error(`line ${head.number}: expect is followed by ----`);
    records.push({ words, line: head.number, body });
    i = to;
  }
  return records;
}
