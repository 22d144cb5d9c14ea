/** Markup that is complete and escaped. Everything else that goes into a page is text, and is escaped on its way. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | readonly Part[];

/** A template of markup: texts in it are escaped, so that a key of a row cannot be a part of the page. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((string, i) => (i === 0 ? '' : print(parts[i - 1]!)) + string).join(''));
}

function print(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(print).join('');
  return escaped(String(part));
}

const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

// Control characters may not stand in a page at all, not even as references.
function escaped(text: string): string {
  return text
    .replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\t' ? character : '\ufffd'))
    .replace(/[&<>"']/g, (character) => names[character]!);
}
