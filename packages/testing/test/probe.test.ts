import { afterAll, beforeAll, describe, test } from 'vitest';
import { startTestServer, type TestServer } from '../src/index.ts';
import { clients } from './clients.ts';
import { firehoseSteps, makeBucket, type Probed, s3Steps } from './probe.ts';

const moto = process.env['ROWTIME_MOTO_URL'];

describe('the test server', () => {
  let server: TestServer;
  let made: ReturnType<typeof clients>;
  beforeAll(async () => {
    server = await startTestServer();
    made = clients(server.url);
  });
  afterAll(async () => {
    made.close();
    await server.close();
  });

  for (const [i, { name, run }] of [...s3Steps, ...firehoseSteps].entries()) {
    test(name, () => probe(run, { ...made, bucket: `probe-${i}`, flush: () => server.firehose.flush() }));
  }
});

// The same of a second implementation: where both agree, ours is not merely as we imagine the services.
describe.skipIf(moto === undefined)('moto', () => {
  const made = clients(moto ?? 'http://127.0.0.1:1');
  afterAll(() => made.close());

  for (const [i, { name, run, notIn }] of [...s3Steps, ...firehoseSteps].entries()) {
    const bucket = `probe-${process.pid}-${i}`;
    test.skipIf(notIn?.moto !== undefined)(name, () => probe(run, { ...made, bucket, flush: () => {} }));
  }
});

async function probe(run: (probed: Probed) => Promise<void>, probed: Probed): Promise<void> {
  await makeBucket(probed);
  await run(probed);
}
