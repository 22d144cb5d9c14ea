import { existsSync } from 'node:fs';
import { CommandError, exitCodes } from '../exit.ts';
import { defaultName, type InitFlags, type InputKind, inputKinds } from './answers.ts';

/** Puts a question to somebody. An empty answer is `otherwise`. */
export type Ask = (question: string, otherwise?: string) => Promise<string>;

/** The flags, and for those that are missing what somebody answers. An answer that is left empty stays missing. */
export async function askForFlags(flags: InitFlags, ask: Ask): Promise<InitFlags> {
  const text = async (given: string | undefined, question: string, otherwise?: string): Promise<string | undefined> =>
    given ?? ((await ask(question, otherwise)) || undefined);
  const words = async (
    given: readonly string[] | undefined,
    question: string,
  ): Promise<readonly string[] | undefined> => {
    if (given) return given;
    const answer = await ask(question);
    return answer === '' ? undefined : answer.split(/\s+/);
  };
  const sql = await text(flags.sql, 'The program, a file of SQL', existsSync('app.sql') ? 'app.sql' : undefined);
  const name = await text(flags.name, 'Name of the application', sql && defaultName(sql));
  const input = flags.input ?? inputKind(await ask(`How records come (${inputKinds.join(', ')})`, 'directPut'));
  const stream =
    input === 'kinesis'
      ? await text(flags.stream, 'The data stream, its name or ARN')
      : input === 'directPut'
        ? await text(flags.stream, 'The delivery stream that producers name', name)
        : flags.stream;
  const bucket = input === 's3' ? await text(flags.bucket, 'Where the objects are, s3://bucket/prefix') : flags.bucket;
  const path = input === 'files' ? await words(flags.path, 'The files or globs, blanks between') : flags.path;
  const isKnown = flags.schema !== undefined || flags.sample !== undefined || path !== undefined;
  const schema = isKnown ? flags.schema : await text(undefined, 'A file with the InputSchema, if there is one');
  const sample =
    isKnown || schema !== undefined
      ? flags.sample
      : await words(undefined, 'Files of sample records, to discover it from');
  const output =
    flags.output ??
    (await words(
      undefined,
      'Outputs, as STREAM=files:folder, STREAM=s3://bucket/prefix or STREAM=firehose:name (none: all into the folder results)',
    ));
  const found = { name, input, stream, bucket, path, schema, sample, sql, output, region: flags.region };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** `direct`, `directput` and so on, too. */
function inputKind(answer: string): InputKind {
  const kind = inputKinds.find((known) => known.toLowerCase().startsWith(answer.toLowerCase()));
  if (kind) return kind;
  throw new CommandError(`${answer}: expected one of ${inputKinds.join(', ')}`, exitCodes.usage);
}
