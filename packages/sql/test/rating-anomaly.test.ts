import { readFileSync } from 'node:fs';
import { fromRows, toRows } from '@rowtime/core';
import { expect, test } from 'vitest';
import { compile } from '../src/index.ts';

const { sql, input_table } = JSON.parse(
  readFileSync(new URL('conformance/rating-anomaly.json', import.meta.url), 'utf8'),
) as { sql: string; input_table: { stream: string; rows: [favoritecaptain: string, rating: number][] } };

test('every anomalous rating of the seed case ranks above every ordinary one, whatever the seed', () => {
  const inputs = { [input_table.stream]: { favoritecaptain: 'VARCHAR(32)', rating: 'INTEGER' } };
  for (let seed = 0; seed < 24; seed++) {
    const graph = compile(sql, { inputs, seed }).graph();
    const anomalous: number[] = [];
    const ordinary: number[] = [];
    graph.listen('RAW_ANOMALY_STREAM', (batch) => {
      for (const { row } of toRows(graph.schema('RAW_ANOMALY_STREAM')!, batch).slice(256)) {
        (Number(row['rating']) >= 7000 ? anomalous : ordinary).push(Number(row['ANOMALY_SCORE']));
      }
    });
    const rows = input_table.rows.map(([favoritecaptain, rating], i) => ({
      rowtime: 100 * i,
      row: { favoritecaptain, rating },
    }));
    graph.push(input_table.stream, fromRows(graph.schema(input_table.stream)!, rows));
    expect([anomalous.length, ordinary.length]).toEqual([6, 218]);
    expect(Math.min(...anomalous), `seed ${seed}`).toBeGreaterThan(Math.max(...ordinary));
  }
});
