import { type Row, RowErrors, type Schema, type Value } from '@rowtime/core';
import { verifyOperator } from '@rowtime/core/testing';
import { describe, expect, test } from 'vitest';
import { batch, call, column, randomFrom, run, varchar } from './harness.ts';

const forest = 'RANDOM_CUT_FOREST';
const explained = 'RANDOM_CUT_FOREST_WITH_EXPLANATION';

// The columns of the developer guide's blood pressure example.
const schema: Schema = [column('Systolic', 'integer'), column('Level', varchar(8)), column('Diastolic', 'integer')];

type Pressure = readonly [systolic: Value, diastolic: Value];

function pressures(count: number, odd: Readonly<Record<number, Pressure>> = {}): ReturnType<typeof batch> {
  const random = randomFrom(1);
  const normal = (): Pressure => [90 + Math.floor(31 * random()), 60 + Math.floor(21 * random())];
  return batch(
    schema,
    Array.from({ length: count }, (_, i): [number, ...Value[]] => {
      const [systolic, diastolic] = odd[i] ?? normal();
      return [i * 10, systolic, odd[i] ? 'ODD' : 'NORMAL', diastolic];
    }),
  );
}

interface Parts {
  readonly DIRECTION?: string;
  readonly STRENGTH?: string;
  readonly ATTRIBUTION_SCORE: string;
}

const explanation = (row: Row): Record<string, Parts> => JSON.parse(String(row['ANOMALY_EXPLANATION']));

describe('RANDOM_CUT_FOREST_WITH_EXPLANATION', () => {
  const args = [20, 32, 1000, 1, true];
  const input = pressures(200, { 150: [190, 70], 170: [100, 20] });
  const rows = run(call(explained, schema, args).create(), input);

  test('adds ANOMALY_SCORE and ANOMALY_EXPLANATION, and passes all columns through', () => {
    const { schema: output } = call(explained, schema, []);
    expect(output.map(({ name }) => name)).toEqual([
      'Systolic',
      'Level',
      'Diastolic',
      'ANOMALY_SCORE',
      'ANOMALY_EXPLANATION',
    ]);
    expect(rows.map(({ rowtime }) => rowtime)).toEqual(Array.from(input.rowtime));
    expect(rows[150]?.row).toMatchObject({ Systolic: 190, Level: 'ODD', Diastolic: 70 });
  });

  test('while it learns, scores and strengths are zero and directions LOW', () => {
    const learning = '{"DIRECTION":"LOW","STRENGTH":"0.0000","ATTRIBUTION_SCORE":"0.0000"}';
    for (const { row } of rows.slice(0, 32)) {
      expect(row['ANOMALY_SCORE']).toBe(0);
      expect(row['ANOMALY_EXPLANATION']).toBe(`{"Systolic":${learning},"Diastolic":${learning}}`);
    }
    expect(rows[32]?.row['ANOMALY_SCORE']).toBeGreaterThan(0);
  });

  test('one key per numeric column; all values are texts with four decimals, in the order of the guide', () => {
    const part = '\\{"DIRECTION":"(HIGH|LOW)","STRENGTH":"\\d+\\.\\d{4}","ATTRIBUTION_SCORE":"\\d+\\.\\d{4}"\\}';
    const shape = new RegExp(`^\\{"Systolic":${part},"Diastolic":${part}\\}$`);
    for (const { row } of rows) expect(row['ANOMALY_EXPLANATION']).toMatch(shape);
  });

  test('the attributions add up to the score, but for the rounding to four decimals', () => {
    for (const { row } of rows) {
      const sum = Object.values(explanation(row)).reduce((total, part) => total + Number(part.ATTRIBUTION_SCORE), 0);
      expect(Math.abs(sum - Number(row['ANOMALY_SCORE']))).toBeLessThan(1.01e-4);
    }
  });

  test('the score is that of RANDOM_CUT_FOREST', () => {
    const scores = run(call(forest, schema, args.slice(0, 4)).create(), input).map(({ row }) => row['ANOMALY_SCORE']);
    rows.forEach(({ row }, i) => {
      expect(Math.abs(Number(row['ANOMALY_SCORE']) - Number(scores[i]))).toBeLessThan(1e-6);
    });
  });

  test('says which column is odd, and in which direction', () => {
    const high = explanation(rows[150]?.row ?? {});
    expect(Number(high['Systolic']?.ATTRIBUTION_SCORE)).toBeGreaterThan(
      2 * Number(high['Diastolic']?.ATTRIBUTION_SCORE),
    );
    expect(high['Systolic']?.DIRECTION).toBe('HIGH');
    const low = explanation(rows[170]?.row ?? {});
    expect(Number(low['Diastolic']?.ATTRIBUTION_SCORE)).toBeGreaterThan(2 * Number(low['Systolic']?.ATTRIBUTION_SCORE));
    expect(low['Diastolic']?.DIRECTION).toBe('LOW');
    expect(Number(low['Diastolic']?.STRENGTH)).toBeGreaterThan(Number(low['Systolic']?.STRENGTH));
  });

  test('without directionality there is only the attribution', () => {
    const last = run(call(explained, schema, args.slice(0, 4)).create(), input).at(-1);
    expect(last?.row['ANOMALY_EXPLANATION']).toMatch(
      /^\{"Systolic":\{"ATTRIBUTION_SCORE":"\d\.\d{4}"\},"Diastolic":\{"ATTRIBUTION_SCORE":"\d\.\d{4}"\}\}$/,
    );
  });

  test('a direction is that of the newest row of a shingle', () => {
    const odd = pressures(200, { 150: [190, 70], 152: [60, 70] });
    const found = run(call(explained, schema, [20, 32, 1000, 4, true]).create(), odd);
    const direction = (row: number) => explanation(found[row]?.row ?? {})['Systolic']?.DIRECTION;
    expect([direction(150), direction(152)]).toEqual(['HIGH', 'LOW']);
  });

  test('a shingle counts for the columns it is made of', () => {
    const shingled = run(call(explained, schema, [20, 32, 1000, 4, true]).create(), input);
    expect(shingled[34]?.row['ANOMALY_SCORE']).toBe(0);
    expect(shingled[35]?.row['ANOMALY_SCORE']).toBeGreaterThan(0);
    const parts = explanation(shingled[150]?.row ?? {});
    expect(Object.keys(parts)).toEqual(['Systolic', 'Diastolic']);
    const sum = Object.values(parts).reduce((total, part) => total + Number(part.ATTRIBUTION_SCORE), 0);
    expect(Math.abs(sum - Number(shingled[150]?.row['ANOMALY_SCORE']))).toBeLessThan(1.01e-4);
    expect(parts['Systolic']?.DIRECTION).toBe('HIGH');
  });

  test('a column name is quoted as JSON', () => {
    const odd = [column('a"b\\c\n', 'double')];
    const [row] = run(call(explained, odd, []).create(), batch(odd, [[0, 1]]));
    expect(explanation(row?.row ?? {})).toEqual({ 'a"b\\c\n': { ATTRIBUTION_SCORE: '0.0000' } });
  });
});

describe.each([forest, explained])('%s', (fn) => {
  const args = fn === explained ? [10, 16, 1000, 2, true] : [10, 16, 1000, 2];

  test('gives the same however the rows are cut, and after each restore', () => {
    const input = pressures(60, { 20: [null, 70], 50: [190, 70] });
    const rows = verifyOperator({
      create: () => call(fn, schema, args).create(),
      steps: [{ batch: input }, { advance: 10_000 }],
    });
    expect(rows).toHaveLength(59);
  });

  test('a row with NULL or no finite number goes to error_stream and is not learnt', () => {
    const numbers = [column('x', 'double'), column('y', 'double')];
    const good = Array.from({ length: 40 }, (_, i): [number, ...Value[]] => [i, (i * 7) % 11, (i * 3) % 5]);
    const odd: [number, ...Value[]][] = [
      [20, null, 1],
      [20, 1, Number.POSITIVE_INFINITY],
      [20, Number.NaN, null],
    ];
    const errors = new RowErrors('P');
    const rows = run(
      call(fn, numbers, args).create(errors),
      batch(numbers, [...good.slice(0, 20), ...odd, ...good.slice(20)]),
    );
    expect(rows).toEqual(run(call(fn, numbers, args).create(), batch(numbers, good)));
    const reported = errors.take();
    const [, , names, messages] = reported?.columns ?? [];
    expect(reported?.length).toBe(3);
    expect(names?.kind === 'text' && Array.from(names.codes, (code) => names.dict[code])).toEqual([
      'NullArgument',
      'NotFinite',
      'NotFinite',
    ]);
    expect(messages?.kind === 'text' && messages.dict).toContain(`column x is NULL, which ${fn} cannot place`);
  });
});
