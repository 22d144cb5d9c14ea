import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  close(): Promise<void>;
}

/** kinesalite: Kinesis Data Streams with its limits, and fast. Its AT_TIMESTAMP does not answer while nothing came later, and it
 *  dies of streams with the names of an array's methods. */
export async function startKinesalite(): Promise<ServerProcess> {
  const file = fileURLToPath(new URL('../../servers/kinesalite.mjs', import.meta.url));
  const server = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${Number(port)}`,
    async close() {
      if (server.exitCode !== null) return;
      server.kill();
      await once(server, 'exit');
    },
  };
}
