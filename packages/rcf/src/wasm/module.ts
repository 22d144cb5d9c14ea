import { kernelBase64, sharedFlagAt } from './kernel.generated.ts';

/** The numbers the kernel reads before its first call, by the names of assembly/state.ts: parameters and addresses. */
export type KernelState = Readonly<Record<string, number>>;

/** What the kernel exports: see assembly/index.ts. */
export interface Kernel {
  score(treeFrom: number, treeTo: number, out: number): void;
  attribute(treeFrom: number, treeTo: number): void;
  push(
    treeFrom: number,
    treeTo: number,
    rows: number,
    firstScored: number,
    sequence: number,
    out: number,
    outStride: number,
  ): void;
  addUp(treeFrom: number, treeTo: number, rows: number, parts: number, partStride: number, out: number): void;
}

const modules: { own?: WebAssembly.Module | null; shared?: WebAssembly.Module | null } = {};

/** The kernel for memory of its own, or shared between threads; null where the runtime cannot run it. Compiled once. */
export function kernelModule(kind: 'own' | 'shared'): WebAssembly.Module | null {
  if (modules[kind] === undefined) modules[kind] = compile(kind);
  return modules[kind];
}

function compile(kind: 'own' | 'shared'): WebAssembly.Module | null {
  // WebAssembly is little-endian; the typed arrays of the other engine are the machine's.
  const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (typeof WebAssembly === 'undefined' || !littleEndian) return null;
  const bytes = Uint8Array.from(atob(kernelBase64), (character) => character.charCodeAt(0));
  // The two differ in one flag of the memory that the module imports.
  if (kind === 'shared') bytes[sharedFlagAt]! |= 2;
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return null; // no SIMD, or no shared memory
  }
}
