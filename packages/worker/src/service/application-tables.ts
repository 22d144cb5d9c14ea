import { createWriteStream, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readTable } from '@rowtime/sources/table';
import type { ReferenceTable } from '@rowtime/sql';
import type { Logger } from 'pino';
import type { ApiApplication } from '../application/api-schema.ts';
import { parseArn } from '../application/arn.ts';
import type { RowtimeSection } from '../application/rowtime-schema.ts';
import { CommandError } from '../exit.ts';
import { parseInputSchema } from '../input-schema.ts';
import { bucketConnection } from './aws.ts';

export interface TablesContext {
  readonly file: string;
  readonly application: ApiApplication;
  readonly rowtime: RowtimeSection;
  readonly state: string;
  readonly log: Logger;
}

/** Loads the reference tables of an application, before anything else. */
export async function applicationTables(context: TablesContext): Promise<Record<string, ReferenceTable>> {
  const { file, application, rowtime } = context;
  const tables: Record<string, ReferenceTable> = {};
  for (const [i, { TableName, ReferenceSchema, S3ReferenceDataSource }] of application.ReferenceDataSources.entries()) {
    const schema = parseInputSchema(ReferenceSchema, `${file}: ReferenceDataSources[${i}].ReferenceSchema`);
    const path = rowtime.tables?.[TableName];
    tables[TableName] = await readTable(
      path === undefined ? await fetched(context, S3ReferenceDataSource, TableName) : resolve(dirname(file), path),
      schema,
    );
  }
  return tables;
}

type ReferenceObject = ApiApplication['ReferenceDataSources'][number]['S3ReferenceDataSource'];

/** Brings a reference object here. It is read again at each start, as the service did. */
async function fetched(
  { rowtime, state, log }: TablesContext,
  { BucketARN, FileKey }: ReferenceObject,
  table: string,
): Promise<string> {
  const { S3Objects } = await import('@rowtime/sources/s3');
  const bucket = parseArn(BucketARN)?.name ?? '';
  const objects = await S3Objects.connect({
    bucket,
    client: bucketConnection(rowtime),
    random: Math.random,
    onRetry: ({ action, resource, error }) => log.warn({ action, resource, reason: String(error) }, 'retry'),
  });
  try {
    const bytes = await objects.read({ key: FileKey, etag: '' });
    if (!bytes) throw new CommandError(`reference table ${table}: s3://${bucket}/${FileKey} is not there`);
    const path = join(state, 'tables', basename(FileKey));
    mkdirSync(dirname(path), { recursive: true });
    await pipeline(bytes, createWriteStream(path));
    return path;
  } finally {
    objects.close();
  }
}
