import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { check, compile, schemaFrom } from '../src/application.ts';
import { frame, SqlError, sqlErrorCodes } from '../src/errors.ts';
import { testGolden } from './golden.ts';

// errors/bind-*.test: programs that parse and are refused, and the error as it is printed.
const folder = join(import.meta.dirname, 'errors');
const inputs = {
  SOURCE_SQL_STREAM_001: {
    TICKER: 'VARCHAR(4)',
    PRICE: 'DOUBLE',
    QUANTITY: 'INTEGER',
    TRADED: 'TIMESTAMP',
    sector: 'VARCHAR(16)',
  },
};

const tables = { Companies: { schema: schemaFrom({ Ticker: 'VARCHAR(4)', Company: 'VARCHAR(40)' }), rows: [] } };

function printError(text: string): string {
  try {
    compile(text, { inputs, tables });
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const printed = frame(text, error);
    // What stops a compilation is among what a check finds.
    expect(check(text, { inputs, tables }).errors.map((found) => frame(text, found))).toContain(printed);
    return printed;
  }
  throw new Error('the program was accepted');
}

testGolden(folder, (file) => file.startsWith('bind-'), printError);

test('each code of a SqlError has a golden case, and each case a code of the table', () => {
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const found = new Set(texts.flatMap((text) => [...text.matchAll(/^(SQL_[A-Z_]+): /gm)].map(([, code]) => code!)));
  expect([...found].sort()).toEqual(Object.keys(sqlErrorCodes).sort());
});
