import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { filesIn, rowtime, temporaryFolder } from './rowtime.ts';

const interval = ['--buffer-interval', '1s', '--port', '0'];

const firstLine = (text: string) => /^(.+)\n/.exec(text)?.[1];

function landed(bucket: string): number[] {
  return [...filesIn(bucket)].flatMap(([path, text]) => {
    expect(path).toMatch(/^\d{4}\/\d\d\/\d\d\/\d\d\/captains-kfh-1-/);
    return JSON.parse(`[${text.replaceAll('}{', '},{')}]`).map(({ i }: { i: number }) => i);
  });
}

test('records that were acknowledged land in the bucket once, in order, however often the process is killed', async () => {
  const bucket = join(temporaryFolder(), 'bucket');
  const acknowledged: number[] = [];
  let sent = 0;
  for (let kills = 0; kills < 4; kills++) {
    const { process, finished } = rowtime('firehose', '--bucket', bucket, ...interval);
    const url = await printed(process, firstLine);
    const killed = new Promise((resolve) => setTimeout(resolve, 500 + 400 * kills)).then(() => process.kill('SIGKILL'));
    for (;;) {
      const batch = Array.from({ length: 20 }, () => sent++);
      if (
        !(await putRecords(
          url,
          'captains-kfh',
          batch.map((i) => `{"i":${i}}`),
        ))
      )
        break;
      acknowledged.push(...batch);
    }
    await killed;
    expect((await finished).signal).toBe('SIGKILL');
  }
  const { process, finished } = rowtime('firehose', '--bucket', bucket, ...interval);
  await printed(process, firstLine);
  process.kill('SIGTERM');
  expect(await finished).toMatchObject({ code: 0 });
  const found = landed(bucket);
  expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
  const kept = new Set(found);
  expect(acknowledged.filter((i) => !kept.has(i))).toEqual([]);
  // Beyond those at most the batch that was under way at each kill.
  expect(found.length - acknowledged.length).toBeLessThanOrEqual(4 * 20);
  expect(acknowledged.length).toBeGreaterThan(200);
}, 60_000);

test('it listens beyond this machine for HTTP endpoint deliveries only, and only with an access key', async () => {
  const bucket = join(temporaryFolder(), 'bucket');
  const refused = await rowtime('firehose', '--bucket', bucket, '--host', '0.0.0.0').finished;
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('ROWTIME_FIREHOSE_ACCESS_KEY');
});
