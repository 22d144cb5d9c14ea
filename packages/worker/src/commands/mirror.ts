import type { Command } from 'commander';
import { version } from '../version.ts';
import { collect, duration, list, whole } from './flags.ts';

export function mirrorCommand(program: Command): void {
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
      const { mirror } = await import('../mirror/mirror.ts');
      const { parseTolerance } = await import('../mirror/align.ts');
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
}

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
