import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { errorStream } from '@rowtime/core';
import { fileSource } from '@rowtime/sources/file';
import { check, compile } from '@rowtime/sql';
import { parseApplication, printProblem } from '../application/application.ts';
import { parseArn } from '../application/arn.ts';
import { outputsOf } from '../application/connections.ts';
import { type ReadApplication, rowtimeFileBeside } from '../application/read.ts';
import { printError } from '../check.ts';
import { compileOptions, missingOutputs } from '../check-application.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { Input } from '../input-schema.ts';
import { outputStreams } from '../outputs.ts';
import { printInputSchema } from '../print-input-schema.ts';
import { readInput } from '../read-schema.ts';
import { type Answers, answersOf, type InitFlags, missingFlags, resourceOf } from './answers.ts';
import { applicationFile, exampleAccount, namePrefixOf, type Outputs, type Program } from './application-file.ts';
import { askForFlags } from './questions.ts';

export interface InitOptions {
  readonly file: string;
  readonly flags: InitFlags;
  /** Defaults instead of questions. */
  readonly yes: boolean;
  /** Over a file that is there. */
  readonly force: boolean;
}

/** `rowtime init`: an application file, from flags and, on a terminal, answers. It is written if `rowtime check` would find
 *  nothing in it. */
export async function init({ file, flags, yes, force }: InitOptions): Promise<void> {
  refuseExisting(file, force);
  const isAsked = !yes && process.stdin.isTTY === true && missingFlags(flags, false).length > 0;
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const answers = answersOf(isAsked ? await answered(flags) : flags, yes || isAsked, region);
  const { text, read } = checked(file, answers, await programOf(answers));
  writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  const outputs = outputsOf(read.application, read.rowtime).map(({ stream, to }) => `${stream} to ${to.to}`);
  process.stdout.write(`${file}: ${answers.name}, from ${answers.input}; ${outputs.join(', ')}\n`);
  if (needsAccount(answers)) {
    process.stderr.write(
      `account ${exampleAccount} stands for yours in its ARNs: put yours there before rowtime policy, or name streams by their ARNs\n`,
    );
  }
  process.stderr.write(`rowtime run ${file} starts it\n`);
}

function refuseExisting(file: string, force: boolean): void {
  if (!file.endsWith('.json')) throw new CommandError(`${file}: an application file ends with .json`, exitCodes.usage);
  const side = rowtimeFileBeside(file);
  if (existsSync(side)) throw new CommandError(`${side} would change what ${file} says: move it away first`);
  if (!force && existsSync(file)) throw new CommandError(`${file} is there already; --force writes over it`);
}

async function answered(flags: InitFlags): Promise<InitFlags> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  try {
    return await askForFlags(flags, async (question, otherwise) => {
      const shown = otherwise === undefined ? question : `${question} [${otherwise}]`;
      const answer = (await terminal.question(`${shown}: `, { signal: ended.signal })).trim();
      return answer === '' ? (otherwise ?? '') : answer;
    });
  } catch (error) {
    if (ended.signal.aborted) throw new CommandError('nothing was written', exitCodes.usage);
    throw error;
  } finally {
    terminal.close();
  }
}

async function programOf({ sql, schema }: Answers): Promise<Program> {
  const text = readText(sql);
  const given: Input | null = 'file' in schema ? await readInput(schema.file) : null;
  const inputSchema = given?.schema ?? (await discovered('sample' in schema ? schema.sample : []));
  return { text, namePrefix: given?.namePrefix ?? namePrefixOf(text), inputSchema: printInputSchema(inputSchema) };
}

async function discovered(sample: readonly string[]) {
  const source = await fileSource({ input: sample, now: Date.now });
  await source.close();
  return source.inputSchema;
}

/** The application as it is written. Throws what `rowtime check` would find. */
function checked(
  file: string,
  answers: Answers,
  program: Program,
): { readonly text: string; readonly read: ReadApplication } {
  const bare = parsed(file, answers, program, answers.outputs ?? {});
  const outputs = answers.outputs ?? defaultOutputs(file, bare.read);
  const whole = parsed(file, answers, program, outputs);
  const mistakes = missingOutputs(file, whole.read, compileOptions(file, whole.read));
  if (mistakes.length > 0) throw new CommandError(mistakes.join('\n'));
  return whole;
}

function parsed(file: string, answers: Answers, program: Program, outputs: Outputs) {
  const text = `${JSON.stringify(applicationFile(answers, program, outputs), null, 2)}\n`;
  const { application, rowtime, errors } = parseApplication({ file, text }, null);
  if (errors.length > 0 || !application) throw new CommandError(errors.map(printProblem).join('\n'));
  const read: ReadApplication = { application, rowtime, warnings: [] };
  const found = check(program.text, compileOptions(file, read)).errors;
  if (found.length > 0) {
    const printed = found.map((error) => printError(answers.sql, program.text, error));
    throw new CommandError(printed.join('\n\n'), exitCodes.usage);
  }
  return { text, read };
}

/** Each stream that no pump reads, into a folder. */
function defaultOutputs(file: string, read: ReadApplication): Outputs {
  const program = compile(read.application.ApplicationCode, compileOptions(file, read));
  const streams = outputStreams(program, null).filter(({ name }) => name !== errorStream);
  return Object.fromEntries(streams.map(({ name }) => [name, { to: 'files', folder: 'results' }]));
}

/** An ARN that the file has, or that `rowtime policy` makes, and nobody said of which account. */
function needsAccount({ input, stream, outputs }: Answers): boolean {
  const named = [
    ...(input === 'kinesis' ? [stream] : []),
    ...Object.values(outputs ?? {}).flatMap((to) => resourceOf(to) ?? []),
  ];
  return named.some((name) => !parseArn(name));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the program: ${(error as Error).message}`);
  }
}
