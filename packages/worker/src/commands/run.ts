import { type Command, Option } from 'commander';
import { CommandError, exitCodes } from '../exit.ts';
import { type OutputFormat, outputFormats } from '../output-format.ts';
import { version } from '../version.ts';
import { collect, count, duration, list, positive, whole } from './flags.ts';

export function runCommand(program: Command): void {
  program
    .command('run')
    .description('run a program over files or standard input, to the end of the input; or an application, as a service')
    .argument('<app.sql | application.json>', 'the program; or what describe-application printed, which needs no flags')
    .option(
      '--input <path...>',
      'files or globs of records (JSON lines, objects one after the other, or CSV; gzip, zip and Snappy too); - for stdin',
    )
    .addOption(
      new Option(
        '--follow [from]',
        'read on as the one file grows, as tail -F, from its start or only what comes at its end',
      )
        .choices(['start', 'end'])
        .preset('start'),
    )
    .option('--output <folder>', 'where the rows of the output streams go, in the layout of Firehose')
    .addOption(new Option('--format <format>', 'of the files there').choices(outputFormats).default('json'))
    .option('--json', 'print the rows of the output streams, a JSON object a line')
    .option(
      '--rowtime <policy>',
      'ROWTIME: arrival, system, or column:NAME[:s|:ms] (a column, or a field of the record)',
      'arrival',
    )
    .option('--schema <file>', 'InputSchema of the Kinesis Analytics API; without it the schema is discovered')
    .option('--stream <name>', 'name of the input stream (default: SOURCE_SQL_STREAM_001)')
    .option('--parallelism <n>', 'input streams _001 to _n, which take the files in turn (InputParallelism)', count)
    .option('--table <name=file>', 'a reference table, JSON or CSV; may be repeated', collect)
    .option('--table-schema <name=file>', 'its ReferenceSchema of the API; else the schema is discovered', collect)
    .option(
      '--streams <names>',
      'output streams, with commas between, or all (default: those that no pump reads)',
      list,
    )
    .option('--checkpoint <folder>', 'where to keep checkpoints; the same command goes on where it was')
    .option('--checkpoint-interval <time>', 'how often, as in 10s or 500ms', duration, 10_000)
    .option('--allow-state-drop', 'go on with a changed program, and without the state that has no place in it')
    .option('--buffer-size <MiB>', 'an output file is complete with this size', positive, 5)
    .option('--buffer-interval <time>', 'or when it holds this much ROWTIME', duration, 300_000)
    .option('--seed <n>', 'where RANDOM_CUT_FOREST starts its random numbers', whole, 42)
    .option(
      '--mirror <place>',
      'of an application: recorded results to compare its own with as it runs, a folder, s3://bucket/prefix or kinesis:stream',
    )
    .addHelpText(
      'after',
      '\nExample:\n  rowtime run app.sql --input "data/*.json.gz" --output results --rowtime column:timestamp\n  rowtime run application.json',
    )
    .action(async (file: string, options: RunFlags, command: Command) => {
      if (file.endsWith('.json')) {
        // What an application does not say of itself: what to give up, and what to compare it with.
        const allowed = ['--allow-state-drop', '--mirror'];
        const flag = command.options.find(
          (option) =>
            !allowed.includes(option.long ?? '') && command.getOptionValueSource(option.attributeName()) === 'cli',
        );
        if (flag) {
          throw new CommandError(
            `${flag.long} is for a program (.sql): what an application needs is in its file, under "rowtime"`,
            exitCodes.usage,
          );
        }
        const { serve } = await import('../service/serve.ts');
        await serve({
          file,
          version,
          allowStateDrop: options.allowStateDrop === true,
          mirror: options.mirror ?? null,
        });
        return;
      }
      if (options.mirror !== undefined) {
        throw new CommandError(
          '--mirror is for an application (.json); rowtime mirror compares what a program (.sql) makes of files',
          exitCodes.usage,
        );
      }
      if (!options.input) throw new CommandError('rowtime run <app.sql> needs --input <path...>', exitCodes.usage);
      const { input } = options;
      if (!options.output && !options.json)
        throw new CommandError('rowtime run needs --output <folder>, --json, or both', exitCodes.usage);
      const { readProgram, reportingSql } = await import('../program-file.ts');
      const sql = readProgram(file);
      const { run } = await import('../run.ts');
      const { parseRowtimePolicy } = await import('../rowtime-policy.ts');
      await reportingSql(file, sql, () =>
        run({
          sql,
          input,
          follow: options.follow ?? null,
          output: options.output ?? null,
          format: options.format,
          rowtime: parseRowtimePolicy(options.rowtime),
          schema: options.schema ?? null,
          stream: options.stream ?? null,
          parallelism: options.parallelism ?? null,
          tables: options.table ?? [],
          tableSchemas: options.tableSchema ?? [],
          streams: options.streams ?? null,
          checkpoint: options.checkpoint ?? null,
          checkpointIntervalMs: options.checkpointInterval,
          allowStateDrop: options.allowStateDrop === true,
          json: options.json === true,
          seed: options.seed,
          bufferBytes: Math.round(options.bufferSize * 2 ** 20),
          bufferMs: options.bufferInterval,
        }),
      );
    });
}

interface RunFlags {
  input?: string[];
  follow?: 'start' | 'end';
  output?: string;
  format: OutputFormat;
  json?: boolean;
  rowtime: string;
  schema?: string;
  stream?: string;
  parallelism?: number;
  table?: string[];
  tableSchema?: string[];
  streams?: string[];
  checkpoint?: string;
  checkpointInterval: number;
  allowStateDrop?: boolean;
  bufferSize: number;
  bufferInterval: number;
  seed: number;
  mirror?: string;
}
