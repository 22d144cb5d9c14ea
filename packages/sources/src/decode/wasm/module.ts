import { kernelBase64 } from './kernel.generated.ts';

/** What the kernel exports: see assembly/index.ts. */
export interface KernelExports {
  firstAddress(): number;
  stateAddress(): number;
  /** Reads records from address `from` on into rows [row, rowsTo). Returns the first row not filled. */
  read(from: number, row: number, rowsTo: number): number;
}

export interface KernelInstance {
  readonly memory: WebAssembly.Memory;
  readonly exports: KernelExports;
}

/** A kernel with memory of its own; null where the runtime cannot run it. */
export function instantiateKernel(): KernelInstance | null {
  if (compiled === undefined) compiled = compile();
  if (!compiled) return null;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pagesAtFirst, maximum: pagesMax });
  } catch {
    return null; // a process may not reserve so many addresses
  }
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { memory, exports: exports as unknown as KernelExports };
}

const pagesAtFirst = 8;
const pagesMax = 65_536;

let compiled: WebAssembly.Module | null | undefined;

function compile(): WebAssembly.Module | null {
  // WebAssembly is little-endian; the typed arrays that look into its memory are the machine's.
  const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  if (typeof WebAssembly === 'undefined' || !isLittleEndian) return null;
  try {
    return new WebAssembly.Module(Buffer.from(kernelBase64, 'base64'));
  } catch {
    return null; // no SIMD
  }
}
