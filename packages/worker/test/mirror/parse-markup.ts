/** An element of a page, as it is written. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (Element | string)[];
}

/** Elements that HTML does not close. */
const open = new Set(['meta', 'link', 'img', 'br', 'hr', 'input']);

/** Reads markup strictly: throws at what is not closed or not escaped, which a browser would forgive. */
export function parseMarkup(text: string): Element {
  const stack: { name: string; attributes: Map<string, string>; children: (Element | string)[] }[] = [
    { name: '', attributes: new Map(), children: [] },
  ];
  const token =
    /<!doctype html>|<style>[^<]*<\/style>|<\/([a-z0-9]+)>|<([a-z0-9]+)((?:\s+[\w-]+(?:="[^"<>]*")?)*)\s*(\/?)>|[^<>]+/giy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new Error(`no markup at ${at}: ${text.slice(at, at + 60)}`);
    const [all, closed, opened, attributes = '', selfClosed] = match;
    const top = stack.at(-1)!;
    if (closed !== undefined) {
      if (top.name !== closed) throw new Error(`</${closed}> closes <${top.name}> at ${at}`);
      stack.pop();
    } else if (opened !== undefined) {
      const element = { name: opened, attributes: attributesOf(attributes), children: [] };
      top.children.push(element);
      if (selfClosed !== '/' && !open.has(opened)) stack.push(element);
    } else if (!all.startsWith('<')) {
      if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(all)) throw new Error(`a bare & at ${at}`);
      top.children.push(all);
    }
  }
  if (stack.length !== 1) throw new Error(`<${stack.at(-1)!.name}> is not closed`);
  return stack[0]!;
}

function attributesOf(text: string): Map<string, string> {
  return new Map([...text.matchAll(/([\w-]+)(?:="([^"]*)")?/g)].map(([, name, value = '']) => [name!, plain(value)]));
}

export function textOf(element: Element): string {
  return plain(element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join(''));
}

const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function plain(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => names[name]!);
}
