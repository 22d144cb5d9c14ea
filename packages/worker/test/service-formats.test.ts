import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startTestServer } from '@rowtime/testing';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { rowtimeIn, temporaryFolder } from './rowtime.ts';

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER, price DECIMAL(9,2));
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i", CAST("i" AS DECIMAL(9,2)) / 4 FROM "S_001";`;

test('an output is written as Parquet where its section says so', async () => {
  const aws = await startTestServer();
  aws.s3.createBucket('results');
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'input'), Array.from({ length: 50 }, (_, i) => `{"i":${i}}\n`).join(''));
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers' },
        InputSchema: {
          RecordFormat: { RecordFormatType: 'JSON' },
          RecordColumns: [{ Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' }],
        },
      },
    ],
    Outputs: [
      {
        Name: 'PASSED',
        KinesisFirehoseOutput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/out' },
        DestinationSchema: { RecordFormatType: 'CSV' },
      },
    ],
    rowtime: {
      inputs: { S: { from: 'files', paths: [join(folder, 'input')] } },
      outputs: {
        PASSED: [
          { to: 'files', folder: join(folder, 'out'), format: 'PARQUET' },
          { to: 's3', bucket: 's3://results/', format: 'PARQUET', compression: 'GZIP' },
        ],
      },
      endpoints: { s3: aws.url },
      monitor: { port: 0 },
    },
  };
  const file = join(folder, 'application.json');
  writeFileSync(file, JSON.stringify(application));
  const result = await rowtimeIn({ AWS_ACCESS_KEY_ID: 'test' }, 'run', file).finished;
  expect(result).toMatchObject({ code: 0 });
  const names = readdirSync(join(folder, 'out'), { recursive: true }).map(String);
  const [name = ''] = names.filter((one) => one.endsWith('.parquet'));
  const [key = ''] = aws.s3.keys('results');
  const bytes = [readFileSync(join(folder, 'out', name)), aws.s3.get('results', key).content];
  await aws.close();
  const [inFile, inBucket] = await Promise.all(
    bytes.map(async (content) => {
      const parquet = Uint8Array.from(content).buffer;
      const codec = parquetMetadata(parquet).row_groups[0]?.columns[0]?.meta_data?.codec;
      const rows = await parquetReadObjects({ file: parquet, compressors: { GZIP: (page) => gunzipSync(page) } });
      return { codec, columns: Object.keys(rows[0]!), rows: rows.map(({ I, PRICE }) => [I, PRICE]) };
    }),
  );
  const rows = Array.from({ length: 50 }, (_, i) => [i, i / 4]);
  expect(inFile).toEqual({ codec: 'SNAPPY', columns: ['ROWTIME', 'I', 'PRICE'], rows });
  expect(inBucket).toEqual({ codec: 'GZIP', columns: ['I', 'PRICE'], rows });
});
