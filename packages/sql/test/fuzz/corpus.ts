import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Schema } from '@rowtime/core';
import { parseSlt } from '@rowtime/testing/slt';
import { schemaFrom } from '../../src/application.ts';
import type { ReferenceTable } from '../../src/catalog.ts';
import { schemaOf, unquoted } from '../slt.ts';

/** A program and what it reads. */
export interface Program {
  readonly sql: string;
  readonly inputs: Readonly<Record<string, Schema>>;
  readonly tables: Readonly<Record<string, ReferenceTable>>;
}

const tests = join(import.meta.dirname, '..');

/** What the programs of test/programs read, taken together. */
const usual = schemaFrom({
  TICKER_SYMBOL: 'VARCHAR(4)',
  SECTOR: 'VARCHAR(16)',
  CHANGE: 'REAL',
  PRICE: 'REAL',
  TICKER: 'VARCHAR(4)',
  QUANTITY: 'INTEGER',
  EVENT_TIME: 'TIMESTAMP',
  favoritecaptain: 'VARCHAR(32)',
  rating: 'INTEGER',
  COL_timestamp: 'BIGINT',
  referrer: 'VARCHAR(64)',
  DATA: 'VARCHAR(256)',
  temp: 'DECIMAL(8, 2)',
  flag: 'BOOLEAN',
});

/** The programs of the tests: those of test/programs, and those of the .slt files, each up to a `reset`. */
export function corpus(): Program[] {
  const folder = join(tests, 'programs');
  const programs = readdirSync(folder)
    .sort()
    .map((file) => ({
      sql: readFileSync(join(folder, file), 'utf8'),
      inputs: { SOURCE_SQL_STREAM_001: usual },
      tables: {},
    }));
  const slt = readdirSync(join(tests, 'slt'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.slt'))
    .sort()
    .flatMap((file) => programsOf(readFileSync(join(tests, 'slt', file), 'utf8')));
  return [...programs, ...slt];
}

function programsOf(text: string): Program[] {
  const programs: { sql: string; inputs: Record<string, Schema>; tables: Record<string, ReferenceTable> }[] = [];
  let current = { sql: '', inputs: {}, tables: {} } as (typeof programs)[number];
  for (const { words, body } of parseSlt(text)) {
    const [command, name = ''] = words;
    if (command === 'reset') {
      programs.push(current);
      current = { sql: '', inputs: {}, tables: {} };
    } else if (command === 'input') current.inputs[unquoted(name)] = schemaOf(body);
    else if (command === 'table') {
      const divider = body.findIndex((line) => line.text === '----');
      current.tables[unquoted(name)] = { schema: schemaOf(body.slice(0, divider)), rows: [] };
    } else if (command === 'statement') current.sql += `${body.map((line) => line.text).join('\n')}\n`;
  }
  return [...programs, current].filter(({ sql }) => sql !== '');
}
