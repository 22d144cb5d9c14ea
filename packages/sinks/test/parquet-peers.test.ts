// Parquet files as Apache Arrow reads them: that the reader of our own writer's family can read them proves less.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromRows } from '@rowtime/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FileSinkOptions, fileSink } from '../src/file.ts';
import { everything, nulls, values } from './parquet-values.ts';

// `pnpm test:peers` sets it: a Python that has pyarrow.
const python = process.env['ROWTIME_PYTHON'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowtime-parquet-peers-'));
});
afterEach(() => rm(folder, { recursive: true }));

const start = Date.UTC(2024, 0, 1, 0, 59, 59, 900);

async function asArrowReads(options: Partial<FileSinkOptions>, rows: Parameters<typeof fromRows>[1]) {
  const format = { type: 'PARQUET', rowtime: true } as const;
  const sink = fileSink({ folder, stream: 'S', schema: everything, format, bufferBytes: 128 << 20, ...options });
  await sink.open(null);
  sink.write(fromRows(options.schema ?? everything, rows));
  sink.advance(Number.POSITIVE_INFINITY);
  await sink.commit(await sink.prepare());
  await sink.close();
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.parquet'));
  const file = join(folder, names[0]!);
  const script = join(import.meta.dirname, 'peers/read_parquet.py');
  const { stdout } = await promisify(execFile)(python!, [script, file], { maxBuffer: 1 << 28 });
  return JSON.parse(stdout);
}

test.skipIf(python === undefined)('types, values, NULLs and statistics are those that were written', async () => {
  for (const compression of [undefined, 'gzip', 'none'] as const) {
    const found = await asArrowReads(compression ? { compression } : {}, [
      { rowtime: start, row: values },
      { rowtime: start + 1, row: nulls },
    ]);
    expect(found.types).toEqual({
      ROWTIME: 'timestamp[ms, tz=UTC]',
      TINY: 'int32',
      INT: 'int32',
      BIG: 'int64',
      PRICE: 'decimal128(9, 2)',
      LONG_PRICE: 'decimal128(18, 4)',
      LONGEST_PRICE: 'decimal128(19, 0)',
      REAL: 'float',
      DOUBLE: 'double',
      FLAG: 'bool',
      TEXT: 'string',
      BYTES: 'binary',
      DAY: 'date32[day]',
      CLOCK: 'time32[ms]',
      AT: 'timestamp[ms, tz=UTC]',
      LASTS: 'int64',
    });
    const first = {
      ROWTIME: '2024-01-01 00:59:59.900000+00:00',
      TINY: '-5',
      INT: '-2147483648',
      BIG: '9223372036854775807',
      PRICE: '-33.25',
      LONG_PRICE: '99999999999999.9999',
      LONGEST_PRICE: '-9223372036854775808',
      REAL: '0.5',
      DOUBLE: '1e+300',
      FLAG: 'True',
      TEXT: '\ufeffGrüße 🐟',
      BYTES: "b'\\xca\\xfe\\x00'",
      DAY: '2024-02-29',
      CLOCK: '01:02:03.004000',
      AT: '2024-02-29 01:02:03.004000+00:00',
      LASTS: '90000',
    };
    expect(found.rows).toEqual([first, { ...nulls, ROWTIME: '2024-01-01 00:59:59.901000+00:00' }]);
    expect(found.statistics).toMatchObject({
      PRICE: ['-33.25', '-33.25'],
      LONG_PRICE: ['99999999999999.9999', '99999999999999.9999'],
      DOUBLE: ['1e+300', '1e+300'],
    });
    await rm(folder, { recursive: true });
    await mkdir(folder);
  }
});

test.skipIf(python === undefined)(
  'a file of several row groups, with texts that repeat, is whole',
  { timeout: 300_000 },
  async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => ({
      rowtime: start + i,
      row: { ...values, INT: i, TEXT: i % 3 === 0 ? `${'x'.repeat(800)} ${i}` : `text ${i % 7}`, DOUBLE: i / 8 },
    }));
    const found = await asArrowReads({}, rows);
    expect(found.groups).toBeGreaterThan(1);
    expect(found.rows).toHaveLength(60_000);
    expect(
      found.rows.map(({ INT, TEXT, DOUBLE }: Record<string, string>) => [Number(INT), TEXT, Number(DOUBLE)]),
    ).toEqual(rows.map(({ row }) => [row.INT, row.TEXT, row.DOUBLE]));
  },
);
