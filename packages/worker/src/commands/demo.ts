import { type Command, Option } from 'commander';
import { positive, whole } from './flags.ts';

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('the captains: a generator, a delivery stream and two SQL programs, live in this terminal')
    .option('--speed <n>', 'times faster than real time', positive, 30)
    .option('--rate <n>', 'ratings a second (of the demo\u2019s time)', positive, 100)
    .option('--duration <seconds>', 'end by itself after so many seconds', positive)
    .option('--seed <n>', 'the same seed gives the same ratings and scores', whole, 42)
    .option('--json', 'print rows as JSON, a line each, and nothing else')
    .addOption(new Option('--dir <folder>', 'where the bucket and the checkpoints go').default('rowtime-demo'))
    .addHelpText('after', '\nExample:\n  rowtime demo --speed 60 --duration 20')
    .action(
      async (options: {
        speed: number;
        rate: number;
        duration?: number;
        seed: number;
        json?: boolean;
        dir: string;
      }) => {
        const { demo } = await import('../demo/demo.ts');
        await demo({ ...options, duration: options.duration ?? null, json: options.json === true });
      },
    );
}
