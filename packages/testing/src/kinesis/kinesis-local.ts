import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { ServerProcess } from './kinesalite.ts';

/** kinesis-local (kinesis-mock): has enhanced fan-out, UpdateShardCount and the children of shards. Its subscriptions do not
 *  say where a shard ends. */
export async function startKinesisLocal(): Promise<ServerProcess> {
  const folder = dirname(createRequire(import.meta.url).resolve('kinesis-local/package.json'));
  const [plain, tls] = [await freePort(), await freePort()];
  const server = spawn(process.execPath, [join(folder, 'main.js')], {
    stdio: 'ignore',
    env: {
      KINESIS_MOCK_PLAIN_PORT: String(plain),
      KINESIS_MOCK_TLS_PORT: String(tls),
      KINESIS_MOCK_CERT_PATH: join(folder, 'server.json'),
      CREATE_STREAM_DURATION: '10ms',
      UPDATE_SHARD_COUNT_DURATION: '10ms',
      SPLIT_SHARD_DURATION: '10ms',
      MERGE_SHARDS_DURATION: '10ms',
      REGISTER_STREAM_CONSUMER_DURATION: '10ms',
      LOG_LEVEL: 'ERROR',
    },
  });
  const url = `http://127.0.0.1:${plain}`;
  while (!(await answers(url))) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    url,
    async close() {
      // It waits for open subscriptions otherwise.
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthcheck`).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
