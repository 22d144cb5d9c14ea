import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';

const cli = new URL('../dist/cli.js', import.meta.url).pathname;

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What every command of the tests has in its environment, and none may print. */
const secret = 'not/A/Real/Secret/Access/Key';

/** The built command line, as a user runs it. */
export function rowtime(...args: string[]): Running {
  return rowtimeIn({}, ...args);
}

interface Running {
  readonly process: ChildProcess;
  /** Rejects if the secret access key stands in what the command printed. */
  readonly finished: Promise<Finished>;
}

/** The same, with more in its environment. */
export function rowtimeIn(environment: NodeJS.ProcessEnv, ...args: string[]): Running {
  const env = { ...process.env, AWS_SECRET_ACCESS_KEY: secret, ...environment };
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // the command may end before it has read everything
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (`${stdout}${stderr}`.includes(secret)) reject(new Error(`rowtime ${args.join(' ')} printed a secret`));
      else resolve({ code, signal, stdout, stderr });
    });
  });
  finished.catch(() => {}); // a test that kills it may not look
  return { process: child, finished };
}

/** A folder of the test's own, gone after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rowtime-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file below a folder, hidden ones left out, by its path. */
export function filesIn(folder: string): Map<string, string> {
  const visit = (path: string): [string, string][] =>
    readdirSync(path)
      .filter((name) => !name.startsWith('.'))
      .sort()
      .flatMap((name) => {
        const file = join(path, name);
        return statSync(file).isDirectory() ? visit(file) : [[relative(folder, file), readFileSync(file, 'utf8')]];
      });
  return new Map(visit(folder));
}

/** The rows of a stream that `rowtime` wrote into a folder, in order. */
export function rowsIn(folder: string, stream: string): Record<string, unknown>[] {
  return [...filesIn(folder)]
    .filter(([path]) => path.startsWith(`${stream}/`))
    .flatMap(([, text]) => text.split('\n').filter((line) => line !== ''))
    .map((line) => JSON.parse(line));
}
