import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesIn, rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

/** Leaderboards by the number of their minute since the start of the run, which begins with a whole minute. */
function leaderboards(dir: string, start: number): Map<number, unknown[]> {
  const minutes = new Map<number, unknown[]>();
  for (const { ROWTIME, ...row } of rowsIn(join(dir, 'bucket/results'), 'CAPTAIN_SCORES')) {
    const minute = (Date.parse(String(ROWTIME)) - start) / 60_000;
    minutes.set(minute, [...(minutes.get(minute) ?? []), row]);
  }
  return minutes;
}

/** The ratings that landed, in order, without their time of day. */
function landed(dir: string): unknown[] {
  return [...filesIn(join(dir, 'bucket'))]
    .filter(([path]) => /^\d{4}\//.test(path))
    .flatMap(([, text]) => JSON.parse(`[${text.replaceAll('}{', '},{')}]`))
    .map(({ timestamp, ...rating }) => rating);
}

function startOf(dir: string): number {
  return JSON.parse(filesIn(dir).get('demo.json') ?? '{}').start;
}

/** Resolves when a demo has printed the leaderboards of so many minutes: then there is a checkpoint with them. */
function minutesPrinted({ process }: ReturnType<typeof rowtime>, wanted: number): Promise<void> {
  const minutes = new Set<string>();
  let text = '';
  return new Promise((resolve) => {
    process.stdout!.on('data', (more: string) => {
      const lines = (text + more).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const { stream, row } = JSON.parse(line);
        if (stream === 'CAPTAIN_SCORES') minutes.add(row.ROWTIME);
      }
      if (minutes.size >= wanted) resolve();
    });
  });
}

const flags = ['--seed', '11', '--speed', '120', '--rate', '20', '--json'];

test('the demo prints rows as JSON and nothing else, and ends by itself', async () => {
  const dir = join(temporaryFolder(), 'demo');
  const { code, stdout, stderr } = await rowtime('demo', ...flags, '--dir', dir, '--duration', '3').finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(new Set(rows.map(({ stream }) => stream))).toEqual(new Set(['CAPTAIN_SCORES', 'ORDERED_ANOMALY_STREAM']));
  const [first] = rows.filter(({ stream }) => stream === 'CAPTAIN_SCORES');
  expect(Object.keys(first.row)).toEqual(['ROWTIME', 'favoritecaptain', 'AVERAGE_RATING', 'TOTAL_RATING']);
  expect(first.row).toMatchObject({
    ROWTIME: new Date(startOf(dir) + 60_000).toISOString(),
    favoritecaptain: 'Neil Armstrong',
  });
  // What was printed is what was written.
  const printed = rows.filter(({ stream }) => stream === 'CAPTAIN_SCORES').map(({ row }) => row);
  expect(rowsIn(join(dir, 'bucket/results'), 'CAPTAIN_SCORES')).toEqual(printed);
  expect(
    [...filesIn(join(dir, 'bucket')).keys()].some((path) => /^\d{4}\/\d\d\/\d\d\/\d\d\/captains-kfh-1-/.test(path)),
  ).toBe(true);
});

test('a demo that is killed in the middle of a window goes on: its totals are those of an unbroken run', {
  timeout: 60_000,
}, async () => {
  const folder = temporaryFolder();
  const [unbroken, killed] = [join(folder, 'unbroken'), join(folder, 'killed')];
  await rowtime('demo', ...flags, '--dir', unbroken, '--duration', '6').finished;

  for (const minutes of [2, 3]) {
    const command = rowtime('demo', ...flags, '--dir', killed);
    await minutesPrinted(command, minutes);
    command.process.kill('SIGKILL');
    expect((await command.finished).signal).toBe('SIGKILL');
  }
  const start = startOf(killed);
  const last = await rowtime('demo', ...flags, '--dir', killed, '--duration', '2').finished;
  expect(last.code).toBe(0);
  expect(startOf(killed)).toBe(start); // the same run, not a new one

  const [expected, found] = [leaderboards(unbroken, startOf(unbroken)), leaderboards(killed, start)];
  const common = [...expected.keys()].filter((minute) => found.has(minute));
  expect(common.length).toBeGreaterThan(4);
  for (const minute of common) expect(found.get(minute)).toEqual(expected.get(minute));
  // And no rating was lost or sent twice.
  const [all, some] = [landed(unbroken), landed(killed)];
  const length = Math.min(all.length, some.length);
  expect(length).toBeGreaterThan(1_000);
  expect(some.slice(0, length)).toEqual(all.slice(0, length));
});

test('SIGINT stops the demo at a checkpoint, publishes what has landed, and says where', {
  timeout: 60_000,
}, async () => {
  const dir = join(temporaryFolder(), 'demo');
  const command = rowtime('demo', '--speed', '120', '--rate', '20', '--dir', dir);
  const checkpoints = join(dir, 'checkpoints');
  await expect
    .poll(() => existsSync(checkpoints) && readdirSync(checkpoints).length > 0, { timeout: 30_000 })
    .toBe(true);
  command.process.kill('SIGINT');
  const { code, stdout } = await command.finished;
  expect(code).toBe(0);
  expect(stdout).toContain(`${join(dir, 'bucket')}`.split('/').at(-2));
  const sent = Number(/([\d,]+) ratings in/.exec(stdout)?.[1]?.replace(/,/g, ''));
  expect(sent).toBeGreaterThan(0);
  expect(landed(dir)).toHaveLength(sent);
});

test('the demo leaves a folder alone that it did not make', async () => {
  const dir = temporaryFolder();
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(dir, 'mine.txt'), 'mine');
  const { code, stderr } = await rowtime('demo', '--dir', dir, '--duration', '1').finished;
  expect(code).toBe(3);
  expect(stderr).toContain('there is something else in this folder');
  expect(filesIn(dir).get('mine.txt')).toBe('mine');
});
