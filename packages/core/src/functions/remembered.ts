/** A function of text whose last results are kept: for compiled patterns, of which a query has few. */
export function remembered<T>(f: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const old = known.get(text);
    if (old !== undefined || known.has(text)) return old as T;
    // A pattern that is a column may have as many values as there are rows.
    if (known.size === patternsMax) known.clear();
    const made = f(text);
    known.set(text, made);
    return made;
  };
}

const patternsMax = 64;
