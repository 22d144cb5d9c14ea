/** An element with its children, or its text. */
export type Xml = readonly [name: string, content: string | number | boolean | readonly (Xml | null)[]];

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function printXml([name, content]: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${printElement([name, content], ` xmlns="${namespace}"`)}`;
}

function printElement([name, content]: Xml, attributes = ''): string {
  const inside = Array.isArray(content)
    ? content.map((child: Xml | null) => (child ? printElement(child) : '')).join('')
    : escaped(String(content));
  return `<${name}${attributes}>${inside}</${name}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The contents of the elements of this name, wherever they are. Enough for the requests of SDKs, which do not nest them. */
export function elements(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g')), ([, content = '']) => content);
}

/** The text of the first such element. */
export function textOf(xml: string, name: string): string | null {
  const [content] = elements(xml, name);
  return content === undefined ? null : unescaped(content);
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return named[name] ?? whole;
  });
}
