import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { frame, SqlError, type sqlErrorCodes } from '../src/errors.ts';
import { parse, parseAll } from '../src/parser.ts';

// errors/parse-*.test: cases of a comment, a text, ----, and every error of the text as it is printed.
// REWRITE=1 writes what was found; read the diff.
const folder = join(import.meta.dirname, 'errors');
const rewrite = process.env['REWRITE'] === '1';

interface GoldenCase {
  readonly title: string;
  readonly text: string;
  readonly printed: string;
}

function readCases(file: string): GoldenCase[] {
  const cases: GoldenCase[] = [];
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  for (let i = 0; i < lines.length; ) {
    if (lines[i] === '') {
      i++;
      continue;
    }
    const divider = lines.indexOf('----', i);
    if (divider < 0) throw new Error(`${file}:${i + 1}: a case has no ----`);
    const blank = lines.indexOf('', divider);
    const end = blank < 0 ? lines.length : blank;
    const title = lines[i]!.startsWith('# ') ? lines[i]!.slice(2) : '';
    if (title === '') throw new Error(`${file}:${i + 1}: a case begins with a # comment`);
    cases.push({
      title,
      text: lines.slice(i + 1, divider).join('\n'),
      printed: lines.slice(divider + 1, end).join('\n'),
    });
    i = end;
  }
  return cases;
}

function printErrors(text: string): string {
  const { errors } = parseAll(text);
  return errors.map((error) => frame(text, error)).join('\n');
}

const files = readdirSync(folder).filter((name) => name.startsWith('parse-') && name.endsWith('.test'));
for (const file of files.sort()) {
  describe(`errors/${file}`, () => {
    const cases = readCases(file);
    for (const { title, text, printed } of cases) {
      test(title, () => {
        const found = printErrors(text);
        expect(found, 'a text in this file has an error').not.toBe('');
        if (!rewrite) expect(found).toBe(printed);
        // parse throws the first of them.
        let thrown: unknown;
        try {
          parse(text);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(SqlError);
        expect(found.startsWith(frame(text, thrown as SqlError))).toBe(true);
      });
    }
    if (rewrite) {
      const out = cases.map(({ title, text }) => `# ${title}\n${text}\n----\n${printErrors(text)}\n`);
      writeFileSync(join(folder, file), out.join('\n'));
    }
  });
}

test('each code of the parser is in a golden case', () => {
  const all = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  const ofParser = [
    'SQL_SYNTAX',
    'SQL_INVALID_CHARACTER',
    'SQL_INVALID_LITERAL',
    'SQL_UNTERMINATED_STRING',
    'SQL_UNTERMINATED_NAME',
    'SQL_UNTERMINATED_COMMENT',
    'SQL_RESERVED_WORD',
    'SQL_NAME_TOO_LONG',
    'SQL_TOO_COMPLEX',
    'SQL_NOT_SUPPORTED',
    'SQL_UNKNOWN_TYPE',
  ] as const satisfies (keyof typeof sqlErrorCodes)[];
  expect(ofParser.filter((code) => !all.includes(`${code}: `))).toEqual([]);
});

test('the frame shows tabs as blanks, and the caret below the column', () => {
  const text = 'SELECT STREAM a,\n\t\tb c d\nFROM s';
  const error = new SqlError('SQL_SYNTAX', 'no', { from: text.indexOf('d\n'), to: text.indexOf('d\n') + 1 });
  expect(frame(text, error)).toBe(['SQL_SYNTAX: no', '  2 |         b c d', '    |             ^'].join('\n'));
});

test('the frame cuts a long line around the span', () => {
  const text = `SELECT ${'a, '.repeat(200)}HERE, ${'b, '.repeat(200)}c FROM s`;
  const at = text.indexOf('HERE');
  const printed = frame(text, new SqlError('SQL_SYNTAX', 'no', { from: at, to: at + 4 })).split('\n');
  expect(printed[1]!.length).toBeLessThan(110);
  const caret = printed[2]!.indexOf('^');
  expect(printed[1]!.slice(caret, caret + 4)).toBe('HERE');
  expect(printed[2]!.slice(caret)).toBe('^^^^');
  expect(printed[1]).toContain('…');
});

test('the frame marks the first line of a span over several', () => {
  const text = 'SELECT (a\n+ b) FROM s';
  const printed = frame(text, new SqlError('SQL_SYNTAX', 'no', { from: 7, to: 14 }));
  expect(printed).toBe(['SQL_SYNTAX: no', '  1 | SELECT (a', '    |        ^^'].join('\n'));
});

test('the frame takes any span, and line breaks of any kind', () => {
  const texts = ['', 'a', 'a\r\nb\r\nc', 'a\rb', '\n\n', '\u001b[31mred', 'é\u202e\t漢字'];
  for (const text of texts) {
    for (let from = 0; from <= text.length + 2; from++) {
      const printed = frame(text, new SqlError('SQL_SYNTAX', 'no', { from, to: from + 2 }));
      expect(printed).toContain('^');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is the point
      expect(printed).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    }
  }
  const second = frame('a\r\nbad', new SqlError('SQL_SYNTAX', 'no', { from: 3, to: 6 }));
  expect(second).toBe(['SQL_SYNTAX: no', '  2 | bad', '    | ^^^'].join('\n'));
});

test('a statement that cannot be read hides no other', () => {
  const text = 'CREATE STREAM a (x INT;\nCREATE STREAM b (y INT)\nCREATE PUMP p AS SELECT 1;\nSELECT * FROM b';
  const { statements, errors } = parseAll(text);
  expect(statements.map((statement) => statement.kind)).toEqual(['createStream', 'queryStatement']);
  expect(errors.map((error) => text.slice(error.span.from, error.span.to))).toEqual([';', 'CREATE', 'SELECT']);
});

test('a text of nothing but slips gives a bounded number of errors', () => {
  expect(parseAll('x;'.repeat(50_000)).errors).toHaveLength(100);
});
