import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node, Span } from '../src/ast.ts';
import { parse, parseExpr } from '../src/parser.ts';
import { print } from '../src/print.ts';
import { walk } from '../src/visit.ts';
import { statement, trees } from './arbitrary-ast.ts';

const here = import.meta.dirname;

/** A tree without its places in the text. */
function withoutSpans(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSpans);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !key.toLowerCase().endsWith('span'));
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutSpans(item)]));
}

describe('roundtrip.sql', () => {
  const lines = readFileSync(join(here, 'roundtrip.sql'), 'utf8').split('\n');
  const cases = lines.filter((line) => line !== '' && !line.startsWith('--'));
  test.each(cases)('%s', (line) => {
    const statements = parse(line);
    expect(statements.map(print)).toEqual([line]);
  });
});

describe('programs', () => {
  const folder = join(here, 'programs');
  test.each(readdirSync(folder).sort())('%s', (file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const statements = parse(text);
    expect(statements.length).toBeGreaterThan(0);
    const printed = statements.map(print).join(';\n');
    expect(withoutSpans(parse(printed))).toEqual(withoutSpans(statements));
    for (const root of statements) expectSpans(root, text);
  });
});

/** Each node lies in its parent, and neither begins nor ends with a blank. */
function expectSpans(root: Node, text: string): void {
  const inside = (inner: Span, outer: Span): boolean => inner.from >= outer.from && inner.to <= outer.to;
  walk(root, (node) => {
    const source = text.slice(node.span.from, node.span.to);
    expect(source.trim(), node.kind).toBe(source);
    expect(source.length, node.kind).toBeGreaterThan(0);
    walk(node, (below) => {
      expect(inside(below.span, node.span), `${below.kind} in ${node.kind}`).toBe(true);
      return below === node;
    });
    return true;
  });
}

test('any statement, printed, parses to itself', () => {
  fc.assert(
    fc.property(statement, (tree) => {
      const text = print(tree);
      expect(withoutSpans(parse(text)), text).toEqual([withoutSpans(tree)]);
    }),
    { numRuns: 800000 },
  );
});

test('any expression, printed, parses to itself', () => {
  fc.assert(
    fc.property(trees.expr, (tree) => {
      const text = print(tree);
      expect(withoutSpans(parseExpr(text)), text).toEqual(withoutSpans(tree));
    }),
    { numRuns: 80000 },
  );
});

test('what print writes is canonical: printing the parse of it changes nothing', () => {
  fc.assert(
    fc.property(trees.expr, (tree) => {
      const text = print(tree);
      expect(print(parseExpr(text))).toBe(text);
    }),
    { numRuns: 500 },
  );
});
