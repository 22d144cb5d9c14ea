// Builds the WebAssembly kernel from assembly/ into src/wasm/kernel.generated.ts.
//
//   node packages/rcf/scripts/build-kernel.mjs            writes the file
//   node packages/rcf/scripts/build-kernel.mjs --check    exits 1 if the file is not what the sources give

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { main } from 'assemblyscript/asc';

const assembly = new URL('../assembly/', import.meta.url);
const target = new URL('../src/wasm/kernel.generated.ts', import.meta.url);
const pagesMax = 65536;

const names = readdirSync(assembly)
  .filter((name) => name.endsWith('.ts'))
  .sort();
const sources = new Map(names.map((name) => [`assembly/${name}`, readFileSync(new URL(name, assembly), 'utf8')]));
const generated = file(await compile());

if (!process.argv.includes('--check')) {
  writeFileSync(target, generated);
  console.log(`src/wasm/kernel.generated.ts: ${names.length} sources, ${(await compile()).length} bytes`);
} else if (readFileSync(target, 'utf8') !== generated) {
  console.error('src/wasm/kernel.generated.ts is not what assembly/ gives; run: npm run build-kernel');
  process.exit(1);
}

async function compile() {
  const options = `assembly/index.ts --outFile kernel.wasm -O3 --enable simd --runtime stub --noAssert --use abort=
    --importMemory --initialMemory 1 --maximumMemory ${pagesMax}`;
  let binary;
  const { error, stderr } = await main(options.split(/\s+/), {
    readFile: (name) => sources.get(name) ?? null,
    listFiles: () => [],
    writeFile: (_, contents) => {
      binary = contents;
    },
  });
  if (error) throw new Error(`asc: ${error.message}\n${stderr.toString()}`);
  return binary;
}

function file(binary) {
  const hash = createHash('sha256');
  for (const [name, text] of sources) hash.update(`${name}\n${text}\n`);
  const flag = sharedFlagAt(binary);
  const shared = binary.slice();
  shared[flag] |= 2;
  for (const bytes of [binary, shared]) new WebAssembly.Module(bytes);
  const lines = Buffer.from(binary)
    .toString('base64')
    .match(/.{1,116}/g);
  return `// Made by scripts/build-kernel.mjs from assembly/*.ts, sha256 ${hash.digest('hex')}
// biome-ignore-all format: generated

/** Where the binary says whether its memory is shared: with the bit of value 2 set, it is. */
export const sharedFlagAt = ${flag};

export const kernelBase64 =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

/** The limits of the imported memory: "env", "memory", kind 2, then the flag (1: it has a maximum). */
function sharedFlagAt(binary) {
  const before = Buffer.from('\x03env\x06memory\x02\x01', 'latin1');
  const at = Buffer.from(binary).indexOf(before);
  if (at < 0) throw new Error('the kernel does not import its memory as env.memory');
  return at + before.length - 1;
}
