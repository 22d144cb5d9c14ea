import type { Command } from 'commander';

export function fmtCommand(program: Command): void {
  program
    .command('fmt')
    .description('format a program: clauses on lines of their own, keywords in upper case, comments kept')
    .argument('<app.sql>', 'the program; - for standard input')
    .option('--write', 'write the file instead of printing the program')
    .option('--check', 'print nothing; exit code 1 if formatting would change the program')
    .addHelpText('after', '\nExample:\n  rowtime fmt --write app.sql')
    .action(async (file: string, options: { write?: boolean; check?: boolean }) => {
      const { readProgram, reportingSql } = await import('../program-file.ts');
      const sql = readProgram(file);
      const { fmt } = await import('../fmt.ts');
      await reportingSql(file, sql, async () => fmt(file, sql, options));
    });
}
