import { basename } from 'node:path';
import { parseArn } from '../application/arn.ts';
import type { OutputSection } from '../application/rowtime-schema.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** How records come, as `from` of an application file says it. */
export const inputKinds = ['directPut', 'kinesis', 's3', 'files'] as const;
export type InputKind = (typeof inputKinds)[number];

/** What the flags of `rowtime init` say, and then what somebody answered. */
export interface InitFlags {
  readonly name?: string;
  readonly input?: InputKind;
  /** Name or ARN of the data stream, or of the delivery stream that producers send to. */
  readonly stream?: string;
  readonly bucket?: string;
  readonly path?: readonly string[];
  readonly schema?: string;
  readonly sample?: readonly string[];
  readonly sql?: string;
  readonly output?: readonly string[];
  readonly region?: string;
}

/** Everything that an application file needs. */
export interface Answers {
  readonly name: string;
  readonly sql: string;
  readonly input: InputKind;
  readonly stream: string;
  readonly bucket: string | null;
  readonly paths: readonly string[];
  /** A file with an InputSchema, or records to discover it from. */
  readonly schema: { readonly file: string } | { readonly sample: readonly string[] };
  /** null: each stream that no pump reads, into the folder `results`. */
  readonly outputs: Readonly<Record<string, OutputSection>> | null;
  readonly region: string;
}

/** The flags that are missing, in the order of the questions. With `yes` what has a default is not. */
export function missingFlags(flags: InitFlags, yes: boolean): string[] {
  const { name, sql, input, stream, bucket, path, schema, sample, output } = flags;
  const missing: [boolean, string][] = [
    [sql === undefined, '--sql <file>'],
    [name === undefined && !yes, '--name <name>'],
    [input === undefined && !yes, `--input ${inputKinds.join('|')}`],
    [input === 'kinesis' && stream === undefined, '--stream <name or ARN>'],
    [input === 's3' && bucket === undefined, '--bucket s3://<bucket>/<prefix>'],
    [input === 'files' && path === undefined, '--path <files>'],
    // Files tell themselves what their records are.
    [schema === undefined && sample === undefined && path === undefined, '--schema <file> or --sample <file>'],
    [output === undefined && !yes, '--output <STREAM=place>'],
  ];
  return missing.filter(([isMissing]) => isMissing).map(([, flag]) => flag);
}

/** Rejects flags that are missing or do not go together. `region`: that of the environment. */
export function answersOf(flags: InitFlags, yes: boolean, region: string): Answers {
  const missing = missingFlags(flags, yes);
  if (missing.length > 0 || flags.sql === undefined) {
    const rest = yes ? '' : '; --yes takes the defaults of those that have one';
    throw new CommandError(`rowtime init needs ${missing.join(', ')}${rest}`, exitCodes.usage);
  }
  const { sql, input = 'directPut', bucket = null, path: paths = [], schema, sample, output } = flags;
  if (bucket !== null && input !== 's3' && input !== 'directPut') throw unfit('--bucket', input);
  if (flags.stream !== undefined && (input === 's3' || input === 'files')) throw unfit('--stream', input);
  if (paths.length > 0 && input !== 'files') throw unfit('--path', input);
  if (schema !== undefined && sample)
    throw new CommandError('--schema and --sample: give one of them', exitCodes.usage);
  const name = flags.name ?? defaultName(sql);
  const stream = flags.stream ?? name;
  const outputs = output ? parseOutputs(output) : null;
  const arns = [stream, ...Object.values(outputs ?? {}).map(resourceOf)].map((text) => parseArn(text ?? ''));
  return {
    name,
    sql,
    input,
    stream,
    bucket,
    paths,
    schema: schema === undefined ? { sample: sample ?? paths } : { file: schema },
    outputs,
    region: flags.region ?? arns.find((arn) => arn !== null)?.region ?? region,
  };
}

/** `captains` of `sql/captains.sql`. */
export function defaultName(sql: string): string {
  return (
    basename(sql)
      .replace(/\.\w+$/, '')
      .replace(/[^A-Za-z0-9_.-]/g, '-') || 'application'
  );
}

/** What a stream or function is called, where an output has one. */
export function resourceOf(to: OutputSection): string | undefined {
  if (to.to === 'lambda') return to.function;
  return to.to === 'firehose' || to.to === 'kinesis' ? to.stream : undefined;
}

/** `SCORES=files:results`, `SCORES=s3://bucket/prefix`, `SCORES=firehose:name` and so on, by stream. */
export function parseOutputs(texts: readonly string[]): Record<string, OutputSection> {
  const outputs: Record<string, OutputSection> = {};
  for (const text of texts) {
    const [, stream, place] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    const to = place === undefined ? null : parsePlace(place);
    if (stream === undefined || !to) {
      throw new CommandError(
        `--output ${text}: expected STREAM=files:<folder>, STREAM=s3://<bucket>/<prefix>, or STREAM= and firehose:, kinesis: or lambda: with a name or ARN`,
        exitCodes.usage,
      );
    }
    if (Object.hasOwn(outputs, stream))
      throw new CommandError(`--output ${text}: ${stream} has a place already`, exitCodes.usage);
    outputs[stream] = to;
  }
  return outputs;
}

function parsePlace(place: string): OutputSection | null {
  if (/^s3:\/\/[^/]/.test(place)) return { to: 's3', bucket: place };
  const [, kind, name] = /^(files|firehose|kinesis|lambda):(.+)$/s.exec(place) ?? [];
  switch (kind) {
    case 'files':
      return { to: kind, folder: name! };
    case 'firehose':
    case 'kinesis':
      return { to: kind, stream: name! };
    case 'lambda':
      return { to: kind, function: name! };
    default:
      return null;
  }
}

function unfit(flag: string, input: InputKind): CommandError {
  return new CommandError(`${flag} does not go with --input ${input}`, exitCodes.usage);
}
