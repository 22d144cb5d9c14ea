import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Millis } from '@rowtime/core';
import { CommandError } from '../exit.ts';

/** What makes two runs of the demo the same run. */
export interface DemoSettings {
  readonly seed: number;
  readonly rate: number;
}

export interface DemoFolder {
  readonly bucket: string;
  readonly checkpoints: string;
  /** The demo's time of its first rating: the whole minute in which it was first started. */
  readonly start: Millis;
  /** True if an earlier run was cut off: this one goes on with it. */
  readonly interrupted: boolean;
}

const settingsFile = 'demo.json';

/** Makes the folder ready. A run that was killed is gone on with; one that ended, or had other settings, is replaced.
 *  Only a folder that the demo made is ever emptied. */
export function openFolder(dir: string, settings: DemoSettings, now: Millis): DemoFolder {
  const root = resolve(dir);
  const file = join(root, settingsFile);
  const paths = { bucket: join(root, 'bucket'), checkpoints: join(root, 'checkpoints') };
  if (existsSync(root) && readdirSync(root).length > 0 && !existsSync(file)) {
    throw new CommandError(`--dir ${dir}: there is something else in this folder; name an empty or new one`);
  }
  const known = existsSync(file) ? parseSettings(readFileSync(file, 'utf8')) : null;
  const isSame = known?.seed === settings.seed && known.rate === settings.rate;
  if (known && isSame && existsSync(paths.checkpoints) && readdirSync(paths.checkpoints).length > 0) {
    return { ...paths, start: known.start, interrupted: true };
  }
  for (const path of Object.values(paths)) rmSync(path, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const start = Math.floor(now / 60_000) * 60_000;
  writeFileSync(file, `${JSON.stringify({ ...settings, start })}\n`);
  return { ...paths, start, interrupted: false };
}

/** The run ended by itself or was stopped: the next one starts anew. */
export function closeFolder({ checkpoints }: DemoFolder): void {
  rmSync(checkpoints, { recursive: true, force: true });
}

function parseSettings(text: string): (DemoSettings & { readonly start: Millis }) | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
