#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { AwsError } from '@rowtime/aws';
import { LimitError, PlanMismatch } from '@rowtime/core';
import { SinkError } from '@rowtime/sinks/file';
import { SourceError } from '@rowtime/sources/file';
import { frame, SqlError } from '@rowtime/sql';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationOf } from './duration.ts';
import { CommandError, exitCodes } from './exit.ts';
import { type InitFlags, inputKinds } from './init/answers.ts';
import { type OutputFormat, outputFormats } from './output-format.ts';
import type { SchemaFlags } from './program-inputs.ts';
import { parseRowtimePolicy } from './rowtime-policy.ts';
import { linesOf, printedChange } from './state-change.ts';

const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

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
  .option('--streams <names>', 'output streams, with commas between, or all (default: those that no pump reads)', list)
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
      const { serve } = await import('./service/serve.ts');
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
    const sql = readProgram(file);
    const { run } = await import('./run.ts');
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
      const { checkApplication } = await import('./check-application.ts');
      checkApplication(file, options.json === true);
      return;
    }
    const { check } = await import('./check.ts');
    await check(file, readProgram(file), options);
  });

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
    const { explain } = await import('./explain.ts');
    await explain(file, () => readProgram(file), options);
  });

program
  .command('fmt')
  .description('format a program: clauses on lines of their own, keywords in upper case, comments kept')
  .argument('<app.sql>', 'the program; - for standard input')
  .option('--write', 'write the file instead of printing the program')
  .option('--check', 'print nothing; exit code 1 if formatting would change the program')
  .addHelpText('after', '\nExample:\n  rowtime fmt --write app.sql')
  .action(async (file: string, options: { write?: boolean; check?: boolean }) => {
    const sql = readProgram(file);
    const { fmt } = await import('./fmt.ts');
    await reportingSql(file, sql, async () => fmt(file, sql, options));
  });

/** Which columns the input stream has, as `run` takes it. */
function schemaFlags(command: Command): Command {
  return command
    .option('--schema <file>', 'InputSchema of the Kinesis Analytics API')
    .option('--input <path...>', 'files or globs of records, to discover the schema from')
    .option('--stream <name>', 'name of the input stream (default: SOURCE_SQL_STREAM_001)')
    .option('--parallelism <n>', 'input streams _001 to _n (InputParallelism)', count)
    .option('--table <name=file>', 'a reference table, JSON or CSV; may be repeated', collect, [])
    .option('--table-schema <name=file>', 'its ReferenceSchema of the API; else the schema is discovered', collect, []);
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

program
  .command('discover')
  .description('find the schema of some records, JSON or CSV, by the rules of the service')
  .argument('<path...>', 'files or globs; - for stdin')
  .option('--json', 'print InputSchema of the Kinesis Analytics API, which run --schema takes, also on a terminal')
  .addHelpText('after', '\nExample:\n  rowtime discover "data/*.csv" --json > schema.json')
  .action(async (input: string[], options: { json?: boolean }) => {
    const { discover } = await import('./discover.ts');
    await discover({ input, json: options.json === true || !process.stdout.isTTY });
  });

program
  .command('demo')
  .description('the captains: a generator, a delivery stream and two SQL programs, live in this terminal')
  .option('--speed <n>', 'times faster than real time', positive, 30)
  .option('--rate <n>', 'ratings a second (of the demo\u2019s time)', positive, 100)
  .option('--duration <seconds>', 'end by itself after so many seconds', positive)
  .option('--seed <n>', 'the same seed gives the same ratings and scores', whole, 42)
  .option('--json', 'print rows as JSON, a line each, and nothing else')
  .addOption(new Option('--dir <folder>', 'where the bucket and the checkpoints go').default('rowtime-demo'))
  .addHelpText('after', '\nExample:\n  rowtime demo --speed 60 --duration 20')
  .action(
    async (options: { speed: number; rate: number; duration?: number; seed: number; json?: boolean; dir: string }) => {
      const { demo } = await import('./demo/demo.ts');
      await demo({ ...options, duration: options.duration ?? null, json: options.json === true });
    },
  );

program
  .command('firehose')
  .description('a delivery stream of your own: takes records as Amazon Data Firehose does and lands them in a bucket')
  .option('--stream <name>', 'the delivery stream that is there from the start', 'captains-kfh')
  .requiredOption('--bucket <place>', 'where its objects go, in YYYY/MM/DD/HH/: a folder, or s3://bucket/prefix')
  .option('--region <name>', 'where a bucket of S3 is (default: as every AWS program finds it)')
  .option('--endpoint <url>', 'where S3 is, if not in AWS: a store that speaks it')
  .option('--host <address>', 'where to listen', '127.0.0.1')
  .option('--port <n>', 'where to listen; 0 takes a free port', whole, 4573)
  .option('--buffer-size <MiB>', 'an object is delivered with this size', positive, 5)
  .option('--buffer-interval <time>', 'or when it is so old', duration, 300_000)
  .option('--stop-timeout <time>', 'how long a stop waits for an S3 that does not answer', duration, 45_000)
  .option(
    '--state <folder>',
    'records that are not yet delivered (default: .rowtime in the bucket; for S3 rowtime-firehose)',
  )
  .addHelpText(
    'after',
    `
Producers send to it with an endpoint URL, whatever their credentials are:
  rowtime firehose --stream captains-kfh --bucket ./bucket
  rowtime firehose --stream captains-kfh --bucket s3://captains/raw/ --region eu-central-1
  AWS_ENDPOINT_URL_FIREHOSE=http://127.0.0.1:4573 python producer.py

With ROWTIME_FIREHOSE_ACCESS_KEY set, a delivery stream in AWS can deliver to /firehose/<stream> as its HTTP endpoint.`,
  )
  .action(async (options: FirehoseFlags) => {
    const { firehose } = await import('./firehose.ts');
    await firehose({
      stream: options.stream,
      bucket: options.bucket,
      region: options.region ?? null,
      endpoint: options.endpoint ?? null,
      host: options.host,
      port: options.port,
      state: options.state ?? null,
      bufferBytes: Math.round(options.bufferSize * 2 ** 20),
      bufferMs: options.bufferInterval,
      stopMs: options.stopTimeout,
      accessKey: process.env['ROWTIME_FIREHOSE_ACCESS_KEY'] || null,
    });
  });

program
  .command('policy')
  .description('print the least-privilege IAM policy of an application, for the role of the machine that runs it')
  .argument('<application.json>', 'what describe-application printed, or a CreateApplication request')
  .addHelpText(
    'after',
    '\nExample:\n  rowtime policy application.json > policy.json\n  aws iam put-role-policy --role-name rowtime --policy-name application --policy-document file://policy.json',
  )
  .action(async (file: string) => {
    const { policy } = await import('./policy.ts');
    policy(file);
  });

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
    const { init } = await import('./init/init.ts');
    await init({ file, flags, yes: yes === true, force: force === true });
  });

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
    const { top } = await import('./top/top.ts');
    await top({ url, once: options.once === true, json: options.json === true });
  });

program
  .command('mirror')
  .description(
    'compare what the old application delivered with the results of rowtime: what agrees, what differs and why',
  )
  .requiredOption('--recorded <place>', 'what the old application delivered: a folder, or s3://bucket/prefix')
  .requiredOption(
    '--ours <place>',
    'what rowtime delivered: a folder, or s3://bucket/prefix; or a program (.sql) or application (.json) to run over --input',
  )
  .option('--input <path...>', 'the recorded input of a program: folders, files, globs, or s3://bucket/prefix')
  .option('--stream <name>', 'the stream to compare, where a place has several')
  .option('--key <columns>', 'what names a row in its window, with commas between (default: found in the rows)', list)
  .option('--no-key', 'rows have no key: they are compared whole')
  .option('--time <column>', 'the time of a row (default: ROWTIME, or the only column with times)')
  .option('--window <time>', 'how long a window is, as in 1m (default: found in the rows)', duration)
  .option('--tolerance <[column=]amount>', 'what is equal all the same: 0.01, 1% or 4ulp; may be repeated', collect)
  .option('--ignore <columns>', 'columns that are not compared', list)
  .option('--scores <columns>', 'columns of random scores, compared as distributions (default: ANOMALY_SCORE)', list)
  .option('--seeded', 'the forests of both sides had one seed: scores are compared exactly')
  .option('--columns <names>', 'names of the columns of recorded CSV that has no header', list)
  .option(
    '--rowtime <policy>',
    'of a program: arrival, system, or column:NAME[:s|:ms] (default: as the application says)',
  )
  .option('--schema <file>', 'of a program: InputSchema of the Kinesis Analytics API')
  .option('--table <name=file>', 'of a program: a reference table; may be repeated', collect)
  .option('--table-schema <name=file>', 'its ReferenceSchema', collect)
  .option('--seed <n>', 'of a program: where RANDOM_CUT_FOREST starts its random numbers', whole)
  .option('--endpoint <url>', 'an S3-compatible store instead of AWS')
  .option('--region <name>', 'of the buckets (default: as the AWS SDK finds it)')
  .option('--json', 'print the report as JSON')
  .option('--html <file>', 'write a page with pictures, complete in one file')
  .addHelpText(
    'after',
    `
Exit codes: 0 the results agree, or differ only as two recordings of equal results do; 1 they differ, or nothing could be compared.

Example:
  rowtime mirror --recorded s3://results/captain-scores --ours results --html report.html
  rowtime mirror --recorded old/ --ours application.json --input s3://ratings/2021/ --json`,
  )
  .action(async (options: MirrorFlags) => {
    const { mirror } = await import('./mirror/mirror.ts');
    const { parseTolerance } = await import('./mirror/align.ts');
    await mirror({
      recorded: options.recorded,
      ours: options.ours,
      input: options.input ?? null,
      stream: options.stream ?? null,
      key: options.key === false ? [] : options.key === true ? null : (options.key ?? null),
      time: options.time ?? null,
      windowMillis: options.window ?? null,
      tolerances: (options.tolerance ?? []).map(parseTolerance),
      ignored: options.ignore ?? [],
      scores: options.scores ?? null,
      seeded: options.seeded === true,
      columns: options.columns ?? null,
      rowtime: options.rowtime ?? null,
      schema: options.schema ?? null,
      tables: options.table ?? [],
      tableSchemas: options.tableSchema ?? [],
      seed: options.seed ?? null,
      s3: {
        ...(options.region !== undefined && { region: options.region }),
        ...(options.endpoint !== undefined && { endpoint: options.endpoint, forcePathStyle: true }),
      },
      json: options.json === true,
      html: options.html ?? null,
      version,
    });
  });

interface MirrorFlags {
  recorded: string;
  ours: string;
  input?: string[];
  stream?: string;
  /** false: --no-key; true: neither flag is there. */
  key?: string[] | boolean;
  time?: string;
  window?: number;
  tolerance?: string[];
  ignore?: string[];
  scores?: string[];
  seeded?: boolean;
  columns?: string[];
  rowtime?: string;
  schema?: string;
  table?: string[];
  tableSchema?: string[];
  seed?: number;
  endpoint?: string;
  region?: string;
  json?: boolean;
  html?: string;
}

const checkpoints = program
  .command('checkpoints')
  .description('the checkpoints of an application: what there is, what is in one, and going back to it')
  .addHelpText(
    'after',
    '\nExample:\n  rowtime checkpoints list application.json\n  rowtime checkpoints show application.json 41\n  rowtime checkpoints restore application.json 41',
  );
const checkpointPlaceHelp = 'the application, its state folder, or the folder of run --checkpoint';

checkpoints
  .command('list')
  .description('number, time, size, watermark and position of each, newest first; damaged ones with the reason')
  .argument('<application.json | folder>', checkpointPlaceHelp)
  .option('--json', 'print them as JSON')
  .addHelpText('after', '\nExample:\n  rowtime checkpoints list application.json')
  .action(async (place: string, options: { json?: boolean }) => {
    const { listCheckpoints } = await import('./checkpoints/list.ts');
    await listCheckpoints(place, options.json === true);
  });

checkpoints
  .command('show')
  .description('position, outputs, the state of each operator in words and bytes, and the plan it belongs to')
  .argument('<application.json | folder>', checkpointPlaceHelp)
  .argument('<number>', 'as list prints it', count)
  .option('--json', 'print it as JSON')
  .addHelpText('after', '\nExample:\n  rowtime checkpoints show application.json 41 --json')
  .action(async (place: string, number: number, options: { json?: boolean }) => {
    const { showCheckpoint } = await import('./checkpoints/show.ts');
    await showCheckpoint(place, number, options.json === true);
  });

checkpoints
  .command('restore')
  .description('make a checkpoint the newest again: the next start goes on from it')
  .argument('<application.json | folder>', checkpointPlaceHelp)
  .argument('<number>', 'as list prints it', count)
  .addHelpText(
    'after',
    `
The service must not run. What was read since then is read again: outputs to files and S3 compare what comes again with
their objects and accept it; Firehose, Kinesis and Lambda get those rows a second time.

Example:
  rowtime checkpoints restore application.json 41`,
  )
  .action(async (place: string, number: number) => {
    const { restoreCheckpoint } = await import('./checkpoints/restore.ts');
    await restoreCheckpoint(place, number);
  });

interface FirehoseFlags {
  stream: string;
  bucket: string;
  region?: string;
  endpoint?: string;
  host: string;
  port: number;
  bufferSize: number;
  bufferInterval: number;
  stopTimeout: number;
  state?: string;
}

await main();

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  const print = (text: string): void => void process.stderr.write(`rowtime: ${text}\n`);
  if (error instanceof CommandError) {
    print(error.message);
    return error.exitCode;
  }
  if (
    error instanceof SourceError ||
    error instanceof SinkError ||
    error instanceof AwsError ||
    error instanceof LimitError ||
    isSystemError(error)
  ) {
    print(error.message);
    return exitCodes.config;
  }
  if (error instanceof PlanMismatch) {
    const { change } = error;
    const hint =
      change.inputs.length > 0
        ? []
        : [
            'with --allow-state-drop it goes on without what is lost; without, run the program it belongs to, or start in an empty checkpoint folder',
          ];
    print([error.message, ...linesOf(printedChange(change)), ...hint].join('\n'));
    return exitCodes.checkpoint;
  }
  print(`this is a bug in rowtime; please report it.\n${error instanceof Error ? error.stack : String(error)}`);
  return exitCodes.bug;
}

/** A full disk, a folder one may not write: the message of the system names the path. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

async function reportingSql(file: string, sql: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SqlError) throw new CommandError(`${file}\n${frame(sql, error)}`, exitCodes.usage);
    throw error;
  }
}

function readProgram(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the program: ${(error as Error).message}`);
  }
}

function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

function whole(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function duration(text: string): number {
  const millis = durationOf(text);
  if (millis !== null) return millis;
  throw new InvalidArgumentError('It must be a time such as 10s, 500ms or 2m.');
}
