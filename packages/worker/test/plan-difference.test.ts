import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '@rowtime/sql';
import { expect, test } from 'vitest';
import { planDifference } from '../src/plan-difference.ts';
import { rowtime, temporaryFolder } from './rowtime.ts';

const before = `
CREATE STREAM a (i INTEGER); CREATE PUMP p AS INSERT INTO a SELECT STREAM i FROM s_001 WHERE i > 1;
CREATE STREAM b (i INTEGER); CREATE PUMP "the q" AS INSERT INTO b SELECT STREAM i FROM s_001;`;

const plan = (sql: string, options: { seed?: number; now?: number; type?: string } = {}): string => {
  const { type = 'INTEGER', ...rest } = options;
  return compile(sql, { inputs: { S_001: { I: type } }, ...rest }).graph().plan;
};

test('names the streams and pumps that a program changed, added and removed', () => {
  const swapped = before.trim().split('\n').reverse().join('\n');
  expect(planDifference(plan(before), plan(swapped))).toEqual([
    '  streams and pumps are the same, and stand in another order',
  ]);
  expect(planDifference(plan(before), plan(before.replace('i > 1', 'i > 2')))).toEqual([
    '  pump P has changed',
    '    - filter >(I, 1:INTEGER)',
    '    + filter >(I, 2:INTEGER)',
  ]);
  const added = before.replace('"the q"', '"the r"').replace('b (i INTEGER)', 'b (i INTEGER, j INTEGER)');
  expect(planDifference(plan(before), plan(added.replace('INTO b', 'INTO b (i)')))).toEqual([
    '  stream B has changed',
    '    - stream B (I INTEGER)',
    '    + stream B (I INTEGER, J INTEGER)',
    '  pump "the q" is gone',
    '  pump "the r" is new',
  ]);
});

test('names the seed, the start and the columns of the input', () => {
  expect(planDifference(plan(before), plan(before, { seed: 7, now: 0 }))).toEqual([
    '  the seed has changed',
    '    - seed 42',
    '    + seed 7',
    '  the time of the start is new',
  ]);
  expect(planDifference(plan(before), plan(before, { type: 'DOUBLE' })).slice(0, 3)).toEqual([
    '  input S_001 has changed',
    '    - input S_001 (I INTEGER)',
    '    + input S_001 (I DOUBLE)',
  ]);
});

test('a line too long for a screen is cut', () => {
  const [, , changed] = planDifference('pump A\n  short', `pump A\n  ${'x'.repeat(1_000)}`);
  expect(changed).toBe(`    + ${'x'.repeat(240)}…`);
});

test('a service whose program was changed does not start, and says what was changed', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'application.json');
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/1.json'), '{"I":1}\n{"I":2}\n');
  const write = (sql: string): void => {
    const application = {
      ApplicationName: 'numbers',
      ApplicationCode: sql,
      Inputs: [
        {
          NamePrefix: 'S',
          KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers' },
          InputSchema: {
            RecordFormat: { RecordFormatType: 'JSON' },
            RecordColumns: [{ Name: 'I', SqlType: 'INTEGER', Mapping: '$.I' }],
          },
        },
      ],
      rowtime: {
        inputs: { S: { from: 'files', paths: [join(folder, 'data/*.json')] } },
        outputs: { A: { to: 'files', folder: join(folder, 'out') } },
        monitor: { port: 0 },
      },
    };
    writeFileSync(file, JSON.stringify(application));
  };
  write(before);
  expect((await rowtime('run', file).finished).code).toBe(0);
  write(before.replace('i > 1', 'i > 2'));
  const { code, stderr } = await rowtime('run', file).finished;
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /^rowtime: CHECKPOINT_PLAN: .*\n {2}pump P has changed\n {4}- filter .*1:.*\n {4}\+ filter .*2:.*\n$/,
  );
  // Nothing was touched: the program it belongs to goes on.
  write(before);
  expect((await rowtime('run', file).finished).code).toBe(0);
});
