import { constants } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open as openFile,
  readdir,
  realpath,
  rename,
  rmdir,
  unlink,
} from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { crc32 } from 'node:zlib';

/** A content's size, and its checksum. */
export interface Measure {
  readonly size: number;
  readonly crc32: number;
}

/** Files below a root: every path is relative to it, and no link leads out of it. What a method wrote is durable when it
 *  resolves; of names, that holds after `syncFolder`. */
export class RootedFolder {
  readonly #root: string;
  readonly #beforeStep: (step: string) => void;

  /** `beforeStep` is called before each change on disk: a test that throws there has the process die at that point. */
  constructor(root: string, beforeStep: (step: string) => void) {
    this.#root = resolve(root);
    this.#beforeStep = beforeStep;
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  async makeRoot(): Promise<void> {
    const first = await mkdir(this.#root, { recursive: true });
    if (first === undefined) return;
    for (let made = this.#root; made.length >= first.length; made = dirname(made)) {
      await this.syncFolder(relative(this.#root, dirname(made)));
    }
  }

  async makeFolder(name: string): Promise<void> {
    if (await this.holdsFolder(name)) return;
    await this.makeFolder(dirname(name));
    this.#beforeStep(`make folder ${name}`);
    await mkdir(this.path(name)).catch(ignore('EEXIST'));
    await this.syncFolder(dirname(name));
  }

  /** Whether it is there. Rejects when it, or what a link in it leads to, is not under the root. */
  async holdsFolder(name: string): Promise<boolean> {
    const real = await realpath(this.path(name)).catch(ignore('ENOENT'));
    if (real === undefined) return false;
    const inside = relative(await realpath(this.#root), real);
    if (inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)) return true;
    throw new Error(`${this.path(name)} leads out of ${this.#root}, to ${real}`);
  }

  async list(folder: string): Promise<string[]> {
    return (await readdir(this.path(folder)).catch(ignore('ENOENT'))) ?? [];
  }

  /** Writes `bytes` at an offset of a file, which is made if it is not there. */
  async write(name: string, bytes: Uint8Array, at: number): Promise<void> {
    this.#beforeStep(`write ${name}`);
    await this.#with(name, writable, async (file) => {
      await writeTo(file, bytes, at);
      this.#beforeStep(`sync ${name}`);
      await file.sync();
    });
  }

  /** Cuts a file to `size` bytes. Other names of it keep all. */
  async truncate(name: string, size: number): Promise<void> {
    if ((await lstat(this.path(name))).nlink > 1) {
      const copy = `${name}.cut`;
      await this.writeAll(copy, this.read(name, size));
      this.#beforeStep(`rename ${copy}`);
      await rename(this.path(copy), this.path(name));
      await this.syncFolder(dirname(name));
      return;
    }
    this.#beforeStep(`truncate ${name}`);
    await this.#with(name, writable, async (file) => {
      await file.truncate(size);
      await file.sync();
    });
  }

  /** Makes a file, or one that replaces what has the name. */
  async writeAll(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    await this.remove(name);
    this.#beforeStep(`write ${name}`);
    await this.#with(name, writable, async (file) => {
      for await (const bytes of content) await writeTo(file, bytes, null);
      this.#beforeStep(`sync ${name}`);
      await file.sync();
    });
  }

  /** Gives a file a second name, or a new one where files have one name only. False if something has that name. */
  async link(from: string, to: string): Promise<boolean> {
    this.#beforeStep(`publish ${to}`);
    try {
      await link(this.path(from), this.path(to));
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      if (!linksUnsupported.has(errorCode(error))) throw error;
    }
    if (await lstat(this.path(to)).catch(ignore('ENOENT'))) return false;
    await rename(this.path(from), this.path(to));
    return true;
  }

  async remove(name: string): Promise<void> {
    this.#beforeStep(`remove ${name}`);
    await unlink(this.path(name)).catch(ignore('ENOENT'));
  }

  async removeEmpty(folder: string): Promise<void> {
    await rmdir(this.path(folder)).catch(ignore('ENOENT', 'ENOTEMPTY', 'EEXIST'));
  }

  /** Whether it is there. Rejects when it is something else than a file. */
  async holdsFile(name: string): Promise<boolean> {
    const found = await lstat(this.path(name)).catch(ignore('ENOENT', 'ENOTDIR'));
    if (found?.isFile() === false) throw new Error(`${this.path(name)} is not a plain file`);
    return found !== undefined;
  }

  /** Of the file, or of its first `sizeMax` bytes; null if there is none. */
  async measure(name: string, sizeMax = Number.POSITIVE_INFINITY): Promise<Measure | null> {
    return (await this.holdsFile(name)) ? measure(this.read(name, sizeMax)) : null;
  }

  /** Bytes [from, to) in pieces. Each is valid until the next is asked for. */
  async *read(name: string, to = Number.POSITIVE_INFINITY, from = 0): AsyncGenerator<Uint8Array> {
    const file = await openFile(this.path(name), readable);
    try {
      const buffer = Buffer.allocUnsafe(1 << 16);
      for (let at = from; at < to; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  /** Bytes [from, to) at once, or as many of them as there are. */
  async readBytes(name: string, from: number, to: number): Promise<Buffer> {
    return this.#with(name, readable, async (file) => {
      const bytes = Buffer.allocUnsafe(to - from);
      let size = 0;
      for (;;) {
        const { bytesRead } = await file.read(bytes, size, bytes.length - size, from + size);
        size += bytesRead;
        if (bytesRead === 0 || size === bytes.length) return bytes.subarray(0, size);
      }
    });
  }

  async syncFolder(name: string): Promise<void> {
    if (process.platform === 'win32') return; // folders cannot be opened there
    this.#beforeStep(`sync folder ${name}`);
    await this.#with(name, constants.O_RDONLY, (folder) => folder.sync());
  }

  async #with<T>(name: string, flags: number, use: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await openFile(this.path(name), flags, 0o644);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }
}

// A link in the place of a file would lead out of the root. Windows has no such flag, nor links without privilege.
const noFollow = constants.O_NOFOLLOW ?? 0;
const readable = constants.O_RDONLY | noFollow;
const writable = constants.O_WRONLY | constants.O_CREAT | noFollow;

const linksUnsupported: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** `at` null: where the last write ended. */
async function writeTo(file: FileHandle, bytes: Uint8Array, at: number | null): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at === null ? null : at + done);
    done += bytesWritten;
  }
}

export async function measure(content: AsyncIterable<Uint8Array>): Promise<Measure> {
  let size = 0;
  let crc = 0;
  for await (const bytes of content) {
    size += bytes.length;
    crc = crc32(bytes, crc);
  }
  return { size, crc32: crc };
}

/** For `catch`: these failures are answers. */
function ignore(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(errorCode(error))) throw error;
  };
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
