import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../exit.ts';

/** Which process a lock belongs to: a pid alone may be another process's by now. */
interface Owner {
  readonly pid: number;
  /** Of the machine's start; '' where the system has none. */
  readonly boot: string;
  /** When the process started, in the system's own count; '' where it does not tell. */
  readonly started: string;
}

/**
 * Makes this process the only one that runs on a folder, until it ends, however it ends. Rejects, naming the other one.
 *
 *     lock-7     of a process that died
 *     lock-8     created by the one that found it dead; of several only one can
 */
export function lock(folder: string, self: Owner = ownerOf(process.pid)): { release(): void } {
  mkdirSync(folder, { recursive: true });
  const found = locks(folder);
  refuseLiving(folder, found);
  const name = `lock-${1 + Math.max(0, ...found.map(({ number }) => number))}`;
  const file = join(folder, name);
  try {
    writeFileSync(file, JSON.stringify(self), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken(folder, null);
    throw error;
  }
  // Another process may have taken its own between our look and our write. Then one of the two goes back, or both do.
  const others = locks(folder).filter((known) => known.name !== name);
  try {
    refuseLiving(folder, others);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  for (const dead of others) rmSync(join(folder, dead.name), { force: true });
  return { release: () => rmSync(file, { force: true }) };
}

function refuseLiving(folder: string, found: readonly Lock[]): void {
  const living = found.find(({ owner }) => owner && isAlive(owner));
  if (living) throw taken(folder, living.owner);
}

interface Lock {
  readonly name: string;
  readonly number: number;
  /** null: it is being written, or was when the machine died. */
  readonly owner: Owner | null;
}

function locks(folder: string): Lock[] {
  return readdirSync(folder).flatMap((name) => {
    const number = /^lock-(\d+)$/.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number), owner: readOwner(join(folder, name)) }];
  });
}

function readOwner(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.boot !== bootId()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(owner.pid) === owner.started;
}

function ownerOf(pid: number): Owner {
  return { pid, boot: bootId(), started: startOf(pid) };
}

/** Another one after each start of the machine; '' where the system has none. */
export function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id').trim();
}

/** Field 22 of /proc/<pid>/stat; the name in brackets may hold anything. */
function startOf(pid: number): string {
  const text = readText(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function taken(folder: string, owner: Owner | null): CommandError {
  const who = owner ? `process ${owner.pid}` : 'another process that started at the same moment';
  return new CommandError(
    `${folder} is in use by ${who}: two workers must not run one application; stop it, or give this one another state folder`,
  );
}
