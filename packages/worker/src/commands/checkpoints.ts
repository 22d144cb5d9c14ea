import type { Command } from 'commander';
import { count } from './flags.ts';

export function checkpointsCommand(program: Command): void {
  const checkpoints = program
    .command('checkpoints')
    .description('the checkpoints of an application: what there is, what is in one, and going back to it')
    .addHelpText(
      'after',
      '\nExample:\n  rowtime checkpoints list application.json\n  rowtime checkpoints show application.json 41\n  rowtime checkpoints restore application.json 41',
    );
  const checkpointPlaceHelp = 'the application, its state folder, or the folder of run --checkpoint';

  checkpoints
    .command('list')
    .description('number, time, size, watermark and position of each, newest first; damaged ones with the reason')
    .argument('<application.json | folder>', checkpointPlaceHelp)
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  rowtime checkpoints list application.json')
    .action(async (place: string, options: { json?: boolean }) => {
      const { listCheckpoints } = await import('../checkpoints/list.ts');
      await listCheckpoints(place, options.json === true);
    });

  checkpoints
    .command('show')
    .description('position, outputs, the state of each operator in words and bytes, and the plan it belongs to')
    .argument('<application.json | folder>', checkpointPlaceHelp)
    .argument('<number>', 'as list prints it', count)
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  rowtime checkpoints show application.json 41 --json')
    .action(async (place: string, number: number, options: { json?: boolean }) => {
      const { showCheckpoint } = await import('../checkpoints/show.ts');
      await showCheckpoint(place, number, options.json === true);
    });

  checkpoints
    .command('restore')
    .description('make a checkpoint the newest again: the next start goes on from it')
    .argument('<application.json | folder>', checkpointPlaceHelp)
    .argument('<number>', 'as list prints it', count)
    .addHelpText(
      'after',
      `
The service must not run. What was read since then is read again: outputs to files and S3 compare what comes again with
their objects and accept it; Firehose, Kinesis and Lambda get those rows a second time.

Example:
  rowtime checkpoints restore application.json 41`,
    )
    .action(async (place: string, number: number) => {
      const { restoreCheckpoint } = await import('../checkpoints/restore.ts');
      await restoreCheckpoint(place, number);
    });
}
