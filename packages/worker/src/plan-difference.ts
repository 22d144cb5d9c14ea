/** What two plans differ in, by the names of streams, tables and pumps: lines for whoever changed the program. */
export function planDifference(saved: string, current: string): string[] {
  const [before, after] = [partsOf(saved), partsOf(current)];
  const lines = [...before].flatMap(([name, part]) => {
    const now = after.get(name);
    if (now === undefined) return [`${name} is gone`];
    return now.join('\n') === part.join('\n') ? [] : [`${name} has changed`, ...changes(part, now)];
  });
  lines.push(...[...after.keys()].filter((name) => !before.has(name)).map((name) => `${name} is new`));
  return lines;
}

/** The lines of a plan by what they are about: those that are indented belong to the one before. */
function partsOf(plan: string): Map<string, readonly string[]> {
  const parts = new Map<string, string[]>();
  let part: string[] = [];
  for (const line of plan.split('\n')) {
    if (!line.startsWith(' ')) {
      part = [];
      parts.set(nameOf(line), part);
    }
    part.push(line);
  }
  return parts;
}

/** "pump NAME", "stream "a b"", "seed". */
function nameOf(line: string): string {
  const [, kind, name] = /^(input|stream|table|pump|subquery) ("(?:[^"]|"")*"|\S+)/.exec(line) ?? [];
  if (kind === undefined)
    return line.startsWith('seed ') ? 'the seed' : line === 'start' ? 'the time of the start' : line;
  return `${kind} ${name}`;
}

// Where a line stands below others is not what it says.
function changes(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [before.map((line) => line.trim()), after.map((line) => line.trim())];
  return [
    ...was.filter((line) => !is.includes(line)).map((line) => `  - ${shortened(line)}`),
    ...is.filter((line) => !was.includes(line)).map((line) => `  + ${shortened(line)}`),
  ];
}

const shownMax = 240;

function shortened(text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
