import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const version = '4.3.0';
const artifact = `randomcutforest-core-${version}.jar`;
const url = `https://repo1.maven.org/maven2/software/amazon/randomcutforest/randomcutforest-core/${version}/${artifact}`;
const sha256 = '7f43f12ceb2d2b137ccdf5b6277432b9266d2ddec51a765b9ed89c9f12a678f4';

/**
 * The library, fetched into the cache: `run(main, args)` runs a class of the folder java/ with it and returns what it prints.
 * Null, with the reason said, where there is no JVM or no way to the jar.
 */
export async function java(cache, say) {
  const { stderr, status } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (status !== 0 || spawnSync('javac', ['-version']).status !== 0) {
    say('no java and javac here: measuring without the library');
    return null;
  }
  const jar = join(cache, artifact);
  try {
    if (!existsSync(jar)) await fetchJar(jar, cache);
  } catch (error) {
    say(`no jar (${error.cause?.message ?? error.message}): measuring without the library`);
    return null;
  }
  const classes = join(cache, 'rcf-classes');
  return {
    jvm: /"(.*?)"/.exec(stderr)?.[1] ?? 'unknown',
    run: (main, args) => {
      compile(main, jar, classes);
      return runOnce('java', ['-cp', [jar, classes].join(delimiter), main, ...args.map(String)]);
    },
  };
}

export function runOnce(command, args) {
  const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit ${status}`}\n${stderr}`);
  return stdout;
}

async function fetchJar(jar, cache) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`${url} has the hash ${found} instead of ${sha256}`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(jar, bytes);
}

function compile(main, jar, classes) {
  const source = join(import.meta.dirname, 'java', `${main}.java`);
  const built = join(classes, `${main}.class`);
  if (existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs) return;
  const { status, stderr } = spawnSync('javac', ['-cp', jar, '-d', classes, source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`javac ${source}: ${stderr}`);
}
