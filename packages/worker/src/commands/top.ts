import type { Command } from 'commander';

export function topCommand(program: Command): void {
  program
    .command('top')
    .description('a service as it runs: rates, lag, watermark, checkpoints, what waits, memory; q ends it')
    .argument('[url]', 'where its monitor listens', 'http://127.0.0.1:9464')
    .option('--once', 'look once and end')
    .option('--json', 'print what /statusz says and the rates, a JSON object a line')
    .addHelpText(
      'after',
      '\nOn a terminal the view is redrawn once a second; elsewhere each second is a line.\n\nExample:\n  rowtime top\n  rowtime top http://127.0.0.1:9465 --once --json',
    )
    .action(async (url: string, options: { once?: boolean; json?: boolean }) => {
      const { top } = await import('../top/top.ts');
      await top({ url, once: options.once === true, json: options.json === true });
    });
}
