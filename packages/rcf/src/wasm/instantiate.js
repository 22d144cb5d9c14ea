/**
 * The kernel with its memory. Plain JavaScript, because worker threads use it, and Node starts those from the sources as
 * well.
 *
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Memory} memory
 * @param {import('./module.ts').KernelState} state
 * @returns {import('./module.ts').Kernel}
 */
export function instantiate(module, memory, state) {
  // Math's own, so that all engines round a weight alike.
  const host = { log: Math.log, exp: Math.exp };
  const exports = /** @type {any} */ (new WebAssembly.Instance(module, { env: { memory }, host }).exports);
  for (const [name, value] of Object.entries(state)) exports[name].value = value;
  return exports;
}
