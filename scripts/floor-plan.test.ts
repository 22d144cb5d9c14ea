// The floor plan of ARCHITECTURE.md, checked: who may know whom, and what may not be written where.
// Reads text only, no types: an import that hides from these patterns hides from a reader too.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

/** Folder under packages/ → the folders it may know, and the libraries. `*`: any library. */
const plan: Readonly<Record<string, { readonly knows: readonly string[]; readonly libraries: readonly string[] }>> = {
  core: { knows: [], libraries: ['rxjs'] },
  rcf: { knows: [], libraries: [] },
  sql: { knows: ['core', 'rcf'], libraries: ['re2js'] },
  sources: { knows: ['core'], libraries: ['*'] },
  sinks: { knows: ['core'], libraries: ['*'] },
  testing: { knows: ['sinks', 'sources'], libraries: ['kinesalite', 'kinesis-local'] },
  examples: { knows: ['core'], libraries: ['@faker-js/faker'] },
  mirror: { knows: [], libraries: [] },
  worker: { knows: ['core', 'rcf', 'sql', 'sources', 'sinks', 'examples', 'mirror'], libraries: ['*'] },
};

const root = resolve(import.meta.dirname, '..');
const folders = readdirSync(resolve(root, 'packages')).filter((name) =>
  existsSync(resolve(root, 'packages', name, 'package.json')),
);
const manifests = new Map(folders.map((folder) => [folder, manifest(`packages/${folder}/package.json`)]));
const folderOf = new Map(folders.map((folder) => [manifests.get(folder)!.name, folder]));
const sources = files(under('src'), /\.ts$/).map(read);
const others = files([...under('test'), ...under('bench'), ...under('scripts'), 'bench'], /\.(ts|mjs)$/).map(read);

test('every package is in the plan, and the plan has no circle', () => {
  expect(folders.filter((folder) => !plan[folder])).toEqual([]);
  const order = Object.keys(plan);
  const upward = order.flatMap((folder, at) => plan[folder]!.knows.filter((known) => order.indexOf(known) >= at));
  expect(upward).toEqual([]);
});

test('a package.json depends only on what the plan allows', () => {
  const breaches = folders.flatMap((folder) =>
    Object.keys(manifests.get(folder)!.dependencies ?? {})
      .filter((name) => !allowed(folder, name))
      .map((name) => `${folder} → ${name}`),
  );
  expect(breaches).toEqual([]);
});

test('nothing depends on the benches, not even on paper', () => {
  const { name } = manifest('bench/package.json');
  expect(folders.filter((folder) => name in allDependencies(manifests.get(folder)!))).toEqual([]);
});

test('a package imports only what the plan allows and its package.json declares', () => {
  const breaches = sources.flatMap(({ file, imports }) => {
    const folder = file.split('/')[1]!;
    const { name, dependencies = {} } = manifests.get(folder)!;
    return imports
      .filter((path) => !path.startsWith('.') && !path.startsWith('node:'))
      .map(packageOf)
      .filter((path) => path !== name && !(allowed(folder, path) && (path in dependencies || isTesting(file))))
      .map((path) => `${file} → ${path}`);
  });
  expect(breaches).toEqual([]);
});

test('packages meet through exports: no relative import leaves its package', () => {
  const breaches = [...sources, ...others].flatMap(({ file, imports }) => {
    const home = file.startsWith('bench/') ? 'bench' : file.split('/').slice(0, 2).join('/');
    const leaves = (path: string) => !at(resolve(root, dirname(file), path)).startsWith(`${home}/`);
    return imports.filter((path) => path.startsWith('.') && leaves(path)).map((path) => `${file} → ${path}`);
  });
  expect(breaches).toEqual([]);
});

test('rxjs is known to one file of core, its edge', () => {
  const knowing = sources.filter(({ imports }) => imports.some((path) => packageOf(path) === 'rxjs'));
  expect(knowing.map(({ file }) => file).filter((file) => file !== 'packages/core/src/rxjs.ts')).toEqual([]);
});

// rcf's threads are Node's, behind a subpath of their own (@rowtime/rcf/parallel).
const isThreaded = (file: string) => file.startsWith('packages/rcf/src/parallel/');

test('core, rcf, sql and mirror run anywhere: nothing of Node outside testing/', () => {
  const pure = sources.filter(
    ({ file }) => /^packages\/(core|rcf|sql|mirror)\//.test(file) && !isTesting(file) && !isThreaded(file),
  );
  expect(found(pure, /from 'node:|import\('node:|(?<![\w.#])(?:process\.|Buffer[.(])|\brequire\(/)).toEqual([]);
});

test('the middle is synchronous, and is handed its time and its chance', () => {
  const middle = sources.filter(({ file }) => /\/(operators|aggregates|kernels|functions)\//.test(file));
  expect(found(middle, /\basync\b|\bawait\b|\bPromise\b|\bset(?:Timeout|Interval|Immediate)\b/)).toEqual([]);
  expect(
    found(middle, /\bDate\.now\b|\bnew Date\b(?:\(\)|(?!\())|\bperformance\b|\bMath\.random\b|\bcrypto\b/),
  ).toEqual([]);
});

test('only the worker reads the environment, the arguments and the wall clock', () => {
  const rest = sources.filter(({ file }) => !file.startsWith('packages/worker/') && !isTesting(file));
  expect(found(rest, /\bprocess\.(?:env|argv)\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b/)).toEqual([]);
});

test('only sources and sinks know an AWS client', () => {
  const knowing = sources.filter(({ imports }) => imports.some((path) => path.startsWith('@aws-sdk/')));
  expect(knowing.map(({ file }) => file).filter((file) => !/^packages\/(sources|sinks)\//.test(file))).toEqual([]);
});

test('no code is made from strings', () => {
  expect(found(sources, /\bnew Function\b|\bFunction\(|(?<![\w.])eval\(|\bnode:vm\b/)).toEqual([]);
});

test('what a package shows is written out: no export *', () => {
  expect(found(sources, /\bexport \* from\b|\bexport \*;/)).toEqual([]);
});

test('every version is in the catalog, exact', () => {
  const breaches = ['package.json', 'bench/package.json', ...folders.map((folder) => `packages/${folder}/package.json`)]
    .flatMap((file) => Object.entries(allDependencies(manifest(file))).map((entry) => [file, ...entry] as const))
    .filter(([, , version]) => !/^(catalog:|workspace:\*)$/.test(version));
  expect(breaches).toEqual([]);
  const workspace = readFileSync(resolve(root, 'pnpm-workspace.yaml'), 'utf8');
  const catalog = workspace.match(/^catalog:\n(?: {2}.*\n)+/m)?.[0].match(/^ {2}.*$/gm) ?? [];
  expect(catalog.length).toBeGreaterThan(0);
  expect(catalog.filter((line) => !/: \d+\.\d+\.\d+(-[\w.]+)?$/.test(line))).toEqual([]);
});

test('no file names a place on one machine or a registry host', { timeout: 20_000 }, () => {
  if (!existsSync(resolve(root, '.git'))) return; // an unpacked archive: nothing says which files are ours
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const ours = listed
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(resolve(root, file)));
  const place = /(?<![\w./~-])\/(?:wor[k]|roo[t]|home\/\w+|User[s]\/\w+)\/[\w.]|[A-Z]:\\User[s]\\/;
  const registry = /https?:\/\/[^\s/'"]*(?:registry|artifactory|nexus|verdaccio)|^\s*@?[\w:]*registry\s*=/im;
  const lockedToHost = /\btarball: https?:/;
  const breaches = ours.flatMap((file) => {
    const text = readFileSync(resolve(root, file), 'latin1');
    return [place, registry, lockedToHost]
      .flatMap((pattern) => text.match(pattern)?.[0] ?? [])
      .map((hit) => `${file}: ${hit}`);
  });
  expect(breaches).toEqual([]);
});

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Source {
  readonly file: string;
  readonly code: string;
  readonly imports: readonly string[];
}

function under(folder: string): string[] {
  return folders.map((name) => `packages/${name}/${folder}`);
}

/** Files under the folders that exist, as paths from the root with `/`. */
function files(folders: readonly string[], endings: RegExp): string[] {
  return folders
    .filter((folder) => existsSync(resolve(root, folder)))
    .flatMap((folder) => filesIn(folder))
    .filter((file) => endings.test(file))
    .sort();
}

// Not readdir's own recursion: packages link to each other in node_modules, in circles.
function filesIn(folder: string): string[] {
  return readdirSync(resolve(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return /^(?:node_modules|dist|\.cache)$/.test(entry.name) ? [] : filesIn(path);
  });
}

function read(file: string): Source {
  // Comments may say what code may not. A `//` inside a string takes the rest of its line along, which is no loss here.
  const code = readFileSync(resolve(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1');
  const imports = code.matchAll(/(?:^|[\s}])from '([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm);
  return { file, code, imports: Array.from(imports, ([, from, bare, called]) => from ?? bare ?? called ?? '') };
}

function found(sources: readonly Source[], pattern: RegExp): string[] {
  return sources.flatMap(
    ({ file, code }) =>
      code
        .match(pattern)
        ?.slice(0, 1)
        .map((hit) => `${file}: ${hit}`) ?? [],
  );
}

function allowed(folder: string, name: string): boolean {
  const known = folderOf.get(name);
  if (known !== undefined) return plan[folder]?.knows.includes(known) ?? false;
  return plan[folder]?.libraries.some((library) => library === '*' || library === name) ?? false;
}

function manifest(file: string): Manifest {
  return JSON.parse(readFileSync(resolve(root, file), 'utf8')) as Manifest;
}

function allDependencies(of: Manifest): Record<string, string> {
  return { ...of.dependencies, ...of.devDependencies, ...of.peerDependencies, ...of.optionalDependencies };
}

/** `@aws-sdk/client-s3/dist` → `@aws-sdk/client-s3` */
function packageOf(path: string): string {
  return path.split('/', path.startsWith('@') ? 2 : 1).join('/');
}

function at(path: string): string {
  return relative(root, path).split(sep).join('/');
}

function isTesting(file: string): boolean {
  return file.includes('/src/testing/');
}
