import type { Command } from 'commander';
import type { SchemaFlags } from '../program-inputs.ts';
import { schemaFlags } from './flags.ts';

export function explainCommand(program: Command): void {
  schemaFlags(
    program
      .command('explain')
      .description('print the plan of a program: the operators of each pump, the last one first')
      .argument('<app.sql | application.json>', 'the program, - for standard input; or an application'),
  )
    .option(
      '--checkpoint [folder]',
      'instead of the plan: what the program would keep of the state in the newest checkpoint there, and what it would lose',
    )
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
With --checkpoint the exit code is 4 if rowtime run would refuse the checkpoint. An application says itself where its checkpoints
are; of a program name the folder of run --checkpoint.

Example:
  rowtime explain app.sql --input "data/*.json.gz"
  rowtime explain application.json --checkpoint`,
    )
    .action(async (file: string, options: SchemaFlags & { json?: boolean; checkpoint?: string | true }) => {
      const { explain } = await import('../explain.ts');
      const { readProgram } = await import('../program-file.ts');
      await explain(file, () => readProgram(file), options);
    });
}
