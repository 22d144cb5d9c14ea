#!/usr/bin/env node
import { Command } from 'commander';
import { checkCommand } from './commands/check.ts';
import { checkpointsCommand } from './commands/checkpoints.ts';
import { demoCommand } from './commands/demo.ts';
import { discoverCommand } from './commands/discover.ts';
import { explainCommand } from './commands/explain.ts';
import { firehoseCommand } from './commands/firehose.ts';
import { fmtCommand } from './commands/fmt.ts';
import { initCommand } from './commands/init.ts';
import { mirrorCommand } from './commands/mirror.ts';
import { policyCommand } from './commands/policy.ts';
import { runCommand } from './commands/run.ts';
import { topCommand } from './commands/top.ts';
import { exitCodes } from './exit.ts';
import { version } from './version.ts';

const program = new Command('rowtime')
  .description('Runs Amazon Kinesis Data Analytics for SQL applications, unchanged, in one Node.js process.')
  .version(version)
  .showHelpAfterError('(rowtime --help shows what there is)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.done : exitCodes.usage))
  .addHelpText(
    'after',
    `
Exit codes: 0 done or stopped, 1 not formatted (fmt --check) or not equal (mirror), 2 mistake in the SQL or the command line, 3 a file or setting to be mended,
4 a checkpoint that does not fit, 5 stopped before all was delivered, 6 another worker runs the application, 70 a bug in rowtime,
130 stopped before there was a result (mirror).`,
  );

// In the order in which --help shows them.
const commands = [
  runCommand,
  checkCommand,
  explainCommand,
  fmtCommand,
  discoverCommand,
  demoCommand,
  firehoseCommand,
  policyCommand,
  initCommand,
  topCommand,
  mirrorCommand,
  checkpointsCommand,
];
for (const add of commands) add(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commands load what they need when they run, so that help is there at once; so does this.
  const { reportError } = await import('./report-error.ts');
  process.exitCode = reportError(error);
}
