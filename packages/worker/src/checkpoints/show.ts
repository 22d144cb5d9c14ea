import { painter } from '../paint.ts';
import { printBytes } from '../print-bytes.ts';
import { describeParts, describePosition, operatorStates, plainJson, time } from './describe.ts';
import { findCheckpoint } from './find.ts';
import { checkpointPlace } from './place.ts';

/** `rowtime checkpoints show`: what a checkpoint holds. */
export async function showCheckpoint(given: string, number: number, json: boolean): Promise<void> {
  const { file, checkpoint } = await findCheckpoint(checkpointPlace(given).folder, number);
  const { plan, position, clock } = checkpoint;
  const operators = operatorStates(checkpoint);
  const outputs = describeParts(checkpoint);
  if (json) {
    const printed = { number, file, watermark: time(clock), position, outputs, operators, plan: plan.split('\n') };
    process.stdout.write(`${JSON.stringify(printed, plainJson, 2)}\n`);
    return;
  }
  const paint = painter(process.stdout);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => `  ${line}`)];
  const lines = [
    `${paint('bold', `checkpoint ${number}`)}  ${file}`,
    `watermark  ${time(clock) ?? 'none yet'}`,
    `position   ${describePosition(position)}`,
    ...section(
      'outputs',
      outputs.map(({ name, delivery, state }) => `${name}: ${state} (${delivery})`),
    ),
    ...section(
      'operators with state',
      operators.map(({ state, bytes }) => `${printBytes(bytes).padStart(10)}  ${state}`),
    ),
    ...section('plan', plan.split('\n')),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
