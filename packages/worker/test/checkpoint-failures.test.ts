import { expect, test } from 'vitest';
import { CommandError } from '../src/exit.ts';
import { CheckpointFailures } from '../src/service/checkpoint-failures.ts';

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { syscall: 'write', code: 'ENOSPC' });

function failures(tolerable: number) {
  const waits: number[] = [];
  const said: number[] = [];
  let time = 0;
  const made = new CheckpointFailures({
    tolerable,
    now: () => time,
    wait: async (millis) => waits.push(millis),
    onFailed: (_, inARow) => said.push(inARow),
  });
  return { made, waits, said, at: (millis: number) => (time = millis) };
}

test('waits longer after each failure in a row, and from the beginning after one that was taken', async () => {
  const { made, waits, said } = failures(10);
  for (let i = 0; i < 7; i++) await made.failed(full, true);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  made.taken();
  await made.failed(full, true);
  expect(waits.at(-1)).toBe(1_000);
  expect(said).toEqual([1, 2, 3, 4, 5, 6, 7, 1]);
  expect(made.total).toBe(8);
});

test('holds nobody up who can go on, and says when it is time again', async () => {
  const { made, waits, at } = failures(10);
  expect(made.isTimeAgain).toBe(null);
  await made.failed(full, false);
  expect(waits).toEqual([]);
  at(999);
  expect(made.isTimeAgain).toBe(false);
  at(1_000);
  expect(made.isTimeAgain).toBe(true);
  made.taken();
  expect(made.isTimeAgain).toBe(null);
});

test('ends the job with one more in a row than it may survive, and what the system said', async () => {
  const { made } = failures(2);
  await made.failed(full, false);
  await made.failed(full, false);
  await expect(made.failed(full, false)).rejects.toThrow(
    new CommandError('3 checkpoints in a row could not be taken: ENOSPC: no space left on device, write'),
  );
});

test('survives no defect, and nothing that somebody has to mend', async () => {
  const { made } = failures(10);
  const defect = new Error('it is not a number');
  await expect(made.failed(defect, false)).rejects.toBe(defect);
  expect(made.total).toBe(0);
});
