import { errorStream } from '@rowtime/core';
import { check as checkProgram, compile } from '@rowtime/sql';
import { outputsOf } from './application/connections.ts';
import { type ReadApplication, readApplication } from './application/read.ts';
import { plain, printError } from './check.ts';
import { exitCodes } from './exit.ts';
import { parseInputSchema } from './input-schema.ts';
import { inputStreams } from './input-streams.ts';

/** `rowtime check application.json`: every mistake of an application, its program's too, before anything starts. */
export function checkApplication(file: string, json: boolean): void {
  const read = readApplication(file);
  const { ApplicationCode: sql } = read.application;
  const options = compileOptions(file, read);
  const { errors } = checkProgram(sql, options);
  const missing = errors.length > 0 ? [] : missingOutputs(file, read, options);
  if (errors.length > 0) process.exitCode = exitCodes.usage;
  else if (missing.length > 0) process.exitCode = exitCodes.config;
  if (json) {
    const printed = { file, errors: errors.map((error) => plain(sql, error)), missing, unknown: read.warnings };
    process.stdout.write(`${JSON.stringify(printed, null, 2)}\n`);
    return;
  }
  for (const error of errors) process.stdout.write(`${printError(`${file}: ApplicationCode`, sql, error)}\n\n`);
  for (const line of [...missing, ...read.warnings]) process.stdout.write(`${line}\n`);
  const found = errors.length + missing.length;
  process.stderr.write(`${file}: ${found === 1 ? '1 error' : `${found || 'no'} errors`}\n`);
}

type Options = Parameters<typeof checkProgram>[1];

/** Reference tables are there without rows: their columns are what a program is checked against. */
export function compileOptions(file: string, { application, rowtime }: ReadApplication): Options {
  const schemaOf = (schema: unknown, name: string) =>
    parseInputSchema(schema, `${file}: ${name}`).columns.map((column) => ({
      name: column.name,
      type: column.type,
      nullable: true,
    }));
  const inputs = application.Inputs.flatMap(({ NamePrefix, InputParallelism, InputSchema }, i) => {
    const streams = inputStreams(
      { stream: null, parallelism: null },
      { namePrefix: NamePrefix, parallelism: InputParallelism?.Count ?? null },
    );
    return streams.map((stream) => [stream, schemaOf(InputSchema, `Inputs[${i}].InputSchema`)] as const);
  });
  const tables = application.ReferenceDataSources.map(
    ({ TableName, ReferenceSchema }, i) =>
      [
        TableName,
        { schema: schemaOf(ReferenceSchema, `ReferenceDataSources[${i}].ReferenceSchema`), rows: [] },
      ] as const,
  );
  return {
    inputs: Object.fromEntries(inputs),
    tables: Object.fromEntries(tables),
    ...(rowtime.seed !== undefined && { seed: rowtime.seed }),
  };
}

export function missingOutputs(file: string, { application, rowtime }: ReadApplication, options: Options): string[] {
  const names = [...compile(application.ApplicationCode, options).streams.map(({ name }) => name), errorStream];
  return outputsOf(application, rowtime)
    .filter(({ stream }) => !names.includes(stream))
    .map(({ stream }) => `${file}: output ${stream}: the program has no such stream; it has ${names.join(', ')}`);
}
