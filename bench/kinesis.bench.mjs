// kinesis.bench.mjs <rows> <rounds>: reads one stream of kinesalite both ways, each time in a process of its own. Prints one
// JSON object.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CreateStreamCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { startKinesalite } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ratings } from './w1/data.mjs';

const [rows, rounds] = process.argv.slice(2).map(Number);
const stream = 'captains';
const variants = ['bare', 'source'];
const server = await startKinesalite();
try {
  await fill();
  const millis = { bare: [], source: [] };
  for (let round = 0; round < rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : [...variants].reverse())
      millis[variant].push(await read(variant));
  }
  console.log(JSON.stringify({ rows, millis }));
} finally {
  await server.close();
}

async function fill() {
  const client = new KinesisClient({
    region: 'us-east-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    requestHandler: new NodeHttpHandler(),
  });
  await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: 2 }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const lines = readFileSync(ratings(join(import.meta.dirname, '.cache'), rows))
    .toString()
    .trimEnd()
    .split('\n');
  for (let from = 0; from < lines.length; from += 500) {
    const Records = lines
      .slice(from, from + 500)
      .map((line, i) => ({ Data: Buffer.from(line), PartitionKey: String(from + i) }));
    await client.send(new PutRecordsCommand({ StreamName: stream, Records }));
  }
  client.destroy();
}

async function read(variant) {
  const file = join(import.meta.dirname, 'kinesis/read.mjs');
  const child = spawn(process.execPath, [file, variant, server.url, stream, String(rows)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [printed, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (status !== 0) throw new Error(`${variant}: exit ${status}\n${errors}`);
  return Number(printed);
}
