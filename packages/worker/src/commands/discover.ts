import type { Command } from 'commander';

export function discoverCommand(program: Command): void {
  program
    .command('discover')
    .description('find the schema of some records, JSON or CSV, by the rules of the service')
    .argument('<path...>', 'files or globs; - for stdin')
    .option('--json', 'print InputSchema of the Kinesis Analytics API, which run --schema takes, also on a terminal')
    .addHelpText('after', '\nExample:\n  rowtime discover "data/*.csv" --json > schema.json')
    .action(async (input: string[], options: { json?: boolean }) => {
      const { discover } = await import('../discover.ts');
      await discover({ input, json: options.json === true || !process.stdout.isTTY });
    });
}
