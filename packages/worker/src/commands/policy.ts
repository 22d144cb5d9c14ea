import type { Command } from 'commander';

export function policyCommand(program: Command): void {
  program
    .command('policy')
    .description('print the least-privilege IAM policy of an application, for the role of the machine that runs it')
    .argument('<application.json>', 'what describe-application printed, or a CreateApplication request')
    .addHelpText(
      'after',
      '\nExample:\n  rowtime policy application.json > policy.json\n  aws iam put-role-policy --role-name rowtime --policy-name application --policy-document file://policy.json',
    )
    .action(async (file: string) => {
      const { policy } = await import('../policy.ts');
      policy(file);
    });
}
