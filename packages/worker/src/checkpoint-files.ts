import { type FileHandle, mkdir, open as openFile, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Checkpoint, type CheckpointStore, decodeCheckpoint, encodeCheckpoint } from '@rowtime/core';
import { CommandError, exitCodes } from './exit.ts';

export interface CheckpointFilesOptions {
  /** A file that looked like a checkpoint and is not whole: damaged, cut, or of another version. The one before is used. */
  readonly onRefused?: (file: string, reason: string) => void;
}

/** Checkpoints as numbered files, the last three of them: written beside, made durable, then given their name, so that a
 *  reader finds a whole file or none. The oldest goes only after the newest was read back. With nothing but damaged
 *  files `load` rejects: to start anew is for a person to decide. */
export function checkpointFiles(folder: string, options: CheckpointFilesOptions = {}): CheckpointStore {
  const root = resolve(folder);
  let next = 0;
  return {
    async load() {
      const { numbers, leftovers } = await list(root);
      for (const name of leftovers) await unlink(join(root, name));
      const refused: string[] = [];
      for (const number of numbers) {
        const file = join(root, fileName(number));
        try {
          return unpack(await readFile(file));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          options.onRefused?.(file, reason);
          refused.push(`${file}: ${reason}`);
        }
      }
      if (refused.length === 0) return null;
      throw new CommandError(
        `no whole checkpoint is left; to start from the beginning, remove ${root}\n${refused.map((r) => `  ${r}`).join('\n')}`,
        exitCodes.checkpoint,
      );
    },

    async save(checkpoint) {
      const bytes = pack(checkpoint);
      await makeFolder(root);
      // Past all there are, damaged ones too: a name is used once.
      const last = next === 0 ? ((await list(root)).numbers[0] ?? 0) : next - 1;
      const number = last + 1;
      const file = join(root, fileName(number));
      await writeDurably(`${file}.tmp`, bytes);
      await rename(`${file}.tmp`, file);
      await syncFolder(root);
      next = number + 1;
      unpack(await readFile(file));
      for (const old of (await list(root)).numbers.slice(kept)) await unlink(join(root, fileName(old)));
    },
  };
}

/** A file that has the name of a checkpoint. */
export interface CheckpointFile {
  readonly number: number;
  readonly file: string;
}

/** The checkpoints of a folder, newest first, whole or not. Changes nothing, also while a job saves there. */
export async function checkpointsIn(folder: string): Promise<CheckpointFile[]> {
  const root = resolve(folder);
  return (await list(root)).numbers.map((number) => ({ number, file: join(root, fileName(number)) }));
}

/** Rejects, with the reason, if the file is not a whole checkpoint. */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  return unpack(await readFile(file));
}

const kept = 3;

function fileName(number: number): string {
  return `checkpoint-${String(number).padStart(12, '0')}`;
}

/** Numbers, newest first, and the names of what a dead process left half-written. */
async function list(root: string): Promise<{ numbers: number[]; leftovers: string[] }> {
  const names = await readdir(root).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const numbers = names.flatMap((name) => /^checkpoint-(\d{12,15})$/.exec(name)?.slice(1).map(Number) ?? []);
  return {
    numbers: numbers.sort((a, b) => b - a),
    leftovers: names.filter((name) => /^checkpoint-\d{12,15}\.tmp$/.test(name)),
  };
}

// magic, 8 bytes · version, 4 · CRC-32 of the rest, 4 · length of the rest, 8 · the rest: checkpoint-codec.ts of core
const magic = Buffer.from('ROWTIME\n');
const version = 2;
const prologueBytes = 24;

/** Plain data as bytes that say themselves whether they are whole. */
export function pack(value: unknown): Uint8Array[] {
  const body = encodeCheckpoint(value);
  const prologue = Buffer.alloc(prologueBytes);
  magic.copy(prologue);
  prologue.writeUInt32LE(version, 8);
  prologue.writeUInt32LE(crc32(body), 12);
  prologue.writeBigUInt64LE(BigInt(body.length), 16);
  return [prologue, body];
}

/** A checkpoint of the bytes of its file. Throws, with the reason, if they are something else. */
export function unpack(file: Buffer): Checkpoint {
  const value = unpackAny(file);
  if (!isCheckpoint(value)) throw new Error('it holds something else than a checkpoint');
  return value;
}

/** What `pack` was given. Every byte of the file counts: one that differs is refused. */
export function unpackAny(file: Buffer): unknown {
  if (file.length < prologueBytes) throw new Error(`it has ${file.length} bytes, less than any checkpoint`);
  if (!file.subarray(0, 8).equals(magic)) throw new Error('it does not begin as a checkpoint does');
  const found = file.readUInt32LE(8);
  if (found !== version) {
    const whose = found < version ? 'an older rowtime took it, which can go on with it' : 'a newer rowtime took it';
    throw new Error(`it has format ${found}, and this rowtime reads format ${version}: ${whose}`);
  }
  const length = file.readBigUInt64LE(16);
  const body = file.subarray(prologueBytes);
  if (length !== BigInt(body.length)) throw new Error(`it says it holds ${length} bytes, and holds ${body.length}`);
  if (crc32(body) !== file.readUInt32LE(12)) throw new Error('its checksum is that of other bytes');
  return decodeCheckpoint(body);
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (!isObject(value) || !isObject(value['operators'])) return false;
  const { version, plan, clock, nodes, parts } = value;
  const isWhole = typeof plan === 'string' && typeof clock === 'number' && Array.isArray(nodes) && Array.isArray(parts);
  return isWhole && version === 2;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function writeDurably(name: string, pieces: readonly Uint8Array[]): Promise<void> {
  await withFile(name, 'w', async (file) => {
    for (const bytes of pieces) await file.writeFile(bytes); // after what is there
    await file.sync();
  });
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  await withFile(folder, 'r', (opened) => opened.sync());
}

async function withFile(name: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await openFile(name, flags, 0o644);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
