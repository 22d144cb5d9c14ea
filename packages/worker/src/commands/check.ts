import type { Command } from 'commander';
import type { SchemaFlags } from '../program-inputs.ts';
import { schemaFlags } from './flags.ts';

export function checkCommand(program: Command): void {
  schemaFlags(
    program
      .command('check')
      .description('report every error of a program or an application, without running it')
      .argument(
        '<app.sql | application.json>',
        'the program, - for standard input; or what describe-application printed',
      ),
  )
    .option('--json', 'print the errors as JSON')
    .addHelpText(
      'after',
      `
Without --schema or --input the columns of the input stream are not known: pumps that read it are parsed and not
checked further, and their names are printed.

Example:
  rowtime check app.sql --schema input-schema.json
  rowtime check application.json`,
    )
    .action(async (file: string, options: SchemaFlags & { json?: boolean }) => {
      if (file.endsWith('.json')) {
        const { checkApplication } = await import('../check-application.ts');
        checkApplication(file, options.json === true);
        return;
      }
      const { check } = await import('../check.ts');
      const { readProgram } = await import('../program-file.ts');
      await check(file, readProgram(file), options);
    });
}
