import { policyOf } from './application/policy.ts';
import { readApplication } from './application/read.ts';

/** `rowtime policy`: the IAM policy of an application, for the instance role. */
export function policy(file: string): void {
  const { application, rowtime, warnings } = readApplication(file);
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  process.stdout.write(`${JSON.stringify(policyOf(application, rowtime), null, 2)}\n`);
}
