// A Chromium for tests: the machine's own, or one from the package registry, which needs no root.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const wanted = '@sparticuz/chromium@153.0.0';
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** `{ path, flags }`; or a sentence that says why there is none. */
export async function chromium(cache) {
  // Without a sandbox: in containers and as root it cannot have one, and it sees our own pages only.
  const own = ownChromium();
  if (own) return { path: own, flags: ['--no-sandbox'] };
  if (process.platform !== 'linux') return 'no Chromium is on the PATH';
  const folder = join(cache, 'chromium');
  const entry = join(folder, 'node_modules/@sparticuz/chromium');
  if (!existsSync(entry)) {
    console.log(`installing ${wanted} in ${folder}`);
    const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, wanted], {
      encoding: 'utf8',
    });
    if (npm.status !== 0) {
      if (/E404|ENOTFOUND|ECONNREFUSED/.test(npm.stderr))
        return `no Chromium is on the PATH, and the registry has no ${wanted}`;
      throw new Error(npm.stderr);
    }
  }
  const { default: packed } = await import(pathToFileURL(join(entry, 'build/index.js')).href);
  return { path: await packed.executablePath(), flags: packed.args };
}

function ownChromium() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}
