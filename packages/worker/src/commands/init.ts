import { type Command, Option } from 'commander';
import { type InitFlags, inputKinds } from '../init/answers.ts';
import { collect } from './flags.ts';

export function initCommand(program: Command): void {
  program
    .command('init')
    .description('write application.json: asks what the flags do not say, on a terminal')
    .argument('[application.json]', 'the file to write', 'application.json')
    .option('--sql <file>', 'the program')
    .option('--name <name>', 'of the application (default: that of the program)')
    .addOption(new Option('--input <kind>', 'how records come (default: directPut)').choices(inputKinds))
    .option('--stream <name>', 'the data stream, or the delivery stream that producers name; name or ARN')
    .option('--bucket <place>', 's3: where the objects are, s3://bucket/prefix; directPut: where records land')
    .option('--path <path...>', 'files: files or globs of records')
    .option('--schema <file>', 'InputSchema of the Kinesis Analytics API')
    .option('--sample <path...>', 'records to discover the schema from (default: --path)')
    .option(
      '--output <STREAM=place>',
      'files:folder, s3://bucket/prefix, firehose:name, kinesis:name or lambda:name; may be repeated (default: all to files:results)',
      collect,
    )
    .option('--region <name>', 'default: that of an ARN, else AWS_REGION, else us-east-1')
    .option('--yes', 'ask nothing: what is left out has its default')
    .option('--force', 'write over a file that is there')
    .addHelpText(
      'after',
      '\nExample:\n  rowtime init\n  rowtime init --sql app.sql --sample "data/*.json" --input directPut --stream captains-kfh --output CAPTAIN_SCORES=files:results --yes',
    )
    .action(async (file: string, { yes, force, ...flags }: InitFlags & { yes?: boolean; force?: boolean }) => {
      const { init } = await import('../init/init.ts');
      await init({ file, flags, yes: yes === true, force: force === true });
    });
}
