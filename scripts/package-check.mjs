#!/usr/bin/env node
// pnpm package-check [--keep]: every publishable package as its users get it. Packs each, looks at what is in the tarball,
// runs publint and attw on it, then installs all tarballs with npm into an empty project and uses them there.
// Needs a build before; exit 1 and a line per fault.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'rowtime-packages-'));
const project = join(folder, 'project');
const faults = [];
mkdirSync(project);

const packages = readdirSync(join(root, 'packages'))
  .map((name) => ({ name, home: join(root, 'packages', name) }))
  .map((one) => ({ ...one, manifest: JSON.parse(readFileSync(join(one.home, 'package.json'), 'utf8')) }))
  .filter(({ manifest }) => manifest.private !== true);

for (const { home, manifest } of packages) {
  const before = faults.length;
  const tarball = pack(home, manifest);
  if (tarball === null) continue;
  checkContents(tarball, manifest);
  check(manifest.name, join(bin, 'publint'), ['run', tarball, '--strict', '--pack', 'false']);
  if (entries(manifest).length > 0) {
    check(manifest.name, join(bin, 'attw'), [
      tarball,
      '--profile',
      'esm-only',
      '--no-emoji',
      '--no-color',
      '-f',
      'ascii',
    ]);
  }
  console.log(`${faults.length === before ? 'ok' : 'FAIL'} ${manifest.name} ${manifest.version}: packed`);
}

if (faults.length === 0) {
  installAll();
  console.log(faults.length === 0 ? 'ok all of them, installed together' : 'FAIL all of them, installed together');
}
for (const fault of faults) console.error(`\n${fault}`);
if (process.argv.includes('--keep')) console.log(`kept: ${folder}`);
else rmSync(folder, { recursive: true });
process.exitCode = faults.length > 0 ? 1 : 0;

/** The tarball that would be published, from which pnpm has taken `workspace:` and `catalog:`. */
function pack(home, { name }) {
  const { status, output, stdout } = run(
    'npx',
    ['--yes', packageManager, 'pack', '--json', '--pack-destination', folder],
    home,
  );
  if (status !== 0) faults.push(`${name}: pnpm pack failed\n${output}`);
  return status === 0 ? resolve(folder, JSON.parse(stdout).filename) : null;
}

function checkContents(tarball, { name, bin = {} }) {
  const files = run('tar', ['-tzf', tarball], folder)
    .stdout.split('\n')
    .map((path) => path.replace(/^package\//, ''));
  const packed = JSON.parse(run('tar', ['-xOzf', tarball, 'package/package.json'], folder).stdout);
  const say = (fault) => faults.push(`${name}: ${fault}`);
  for (const wanted of [
    'README.md',
    'LICENSE',
    'package.json',
    ...entries(packed).map(({ file }) => file),
    ...Object.values(bin),
  ])
    if (!files.includes(wanted.replace(/^\.\//, ''))) say(`the tarball lacks ${wanted}`);
  const strays = files.filter((path) => /\.tsbuildinfo$|\.test\.|(^|\/)(test|node_modules|\.rowtime)\//.test(path));
  if (strays.length > 0) say(`the tarball should not hold ${strays.join(', ')}`);
  // A source file that is gone leaves its output behind in dist, and that would be published.
  const stale = files.filter(
    (path) =>
      /^dist\/.*\.js$/.test(path) &&
      !['ts', 'js'].some((ending) => files.includes(path.replace(/^dist(.*)\.js$/, `src$1.${ending}`))),
  );
  if (stale.length > 0) say(`no source any more for ${stale.join(', ')}: remove dist and build again`);
  for (const [dependency, version] of Object.entries(packed.dependencies ?? {}))
    if (!/^\d+\.\d+\.\d+/.test(version)) say(`depends on ${dependency} ${version}, which is not a version`);
  for (const dependency of Object.keys(packed.dependencies ?? {}))
    if (dependency.startsWith('@rowtime/') && !packages.some(({ manifest }) => manifest.name === dependency))
      say(`depends on ${dependency}, which is not published`);
  if (name.startsWith('@') && packed.publishConfig?.access !== 'public') say('lacks publishConfig.access "public"');
  for (const field of ['description', 'license', 'engines', 'type', 'sideEffects'])
    if (packed[field] === undefined) say(`package.json lacks "${field}"`);
}

function installAll() {
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'a-user', private: true, type: 'module' }));
  check('npm install', 'npm', ['install', '--no-audit', '--no-fund', ...tarballs.map((file) => `../${file}`)]);

  const paths = packages.flatMap(({ manifest }) => entries(manifest).map(({ path }) => join(manifest.name, path)));
  for (const path of paths) {
    const code = `const all = await import('${path}'); if (Object.keys(all).length === 0) throw new Error('it exports nothing');`;
    check(`import '${path}'`, process.execPath, ['--input-type=module', '--eval', code]);
  }

  // Their declarations, read by a strict compiler: nothing may refer to what was not shipped.
  writeFileSync(join(project, 'use.ts'), paths.map((path, i) => `export * as m${i} from '${path}';`).join('\n'));
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,dom',
    '--ignoreConfig',
  ];
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
  check('types as a user sees them', join(bin, 'tsc'), [...options, ...types, 'use.ts']);

  for (const { manifest } of packages) {
    for (const name of Object.keys(manifest.bin ?? {})) {
      const { status, output, stdout } = run('npx', ['--no-install', name, '--version'], project);
      if (status !== 0 || !stdout.includes(manifest.version)) {
        faults.push(`npx ${name} --version: expected ${manifest.version} and exit 0, found exit ${status}\n${output}`);
      }
    }
  }
}

/** What may be imported: the subpaths of `exports` that lead to code. */
function entries({ exports = {} }) {
  return Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([path, target]) => ({ path, file: target.default }));
}

function check(title, command, args) {
  const { status, output } = run(command, args, project);
  if (status !== 0) faults.push(`${title}: ${command.split('/').at(-1)} says\n${output}`);
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  return { status, stdout, output: `${stdout}${stderr}${error ?? ''}`.trim() };
}
