import { join } from 'node:path';
import { compile, schemaFrom } from '../src/application.ts';
import { testGolden } from './golden.ts';

// plan/*.test: programs, and the plan of their pumps and queries of tables as EXPLAIN prints it (the streams are left out).
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

function printPlan(text: string): string {
  const lines = compile(text, { inputs, tables }).explain().split('\n');
  return lines.filter((line) => !/^(input|stream) /.test(line)).join('\n');
}

testGolden(join(import.meta.dirname, 'plan'), () => true, printPlan);
