/**
 * What a forest is made of. Names, meanings and defaults are those of AWS's library
 * (https://github.com/aws/random-cut-forest-by-aws, Java core 4.3), except that the seed is fixed unless given.
 */
export interface ForestOptions {
  /** Numbers per row of input. */
  inputDimensions: number;
  /** Consecutive rows that make one point of `inputDimensions × shingleSize` dimensions. Default 1. */
  shingleSize?: number | undefined;
  /** Default 50. */
  numberOfTrees?: number | undefined;
  /** Points each tree keeps. Default 256. */
  sampleSize?: number | undefined;
  /** A point's chance to stay in a sample falls by exp(-timeDecay) per update; 0 is uniform. Default 1 / (10 × sampleSize). */
  timeDecay?: number | undefined;
  /** Updates before the first score that is not 0. Default a quarter of `sampleSize`. */
  outputAfter?: number | undefined;
  /** The part of a sample that fills unconditionally. Default 1. */
  initialAcceptFraction?: number | undefined;
  /** True: the caller passes single rows and the forest shingles. False: the caller passes whole shingles. Default false. */
  internalShingling?: boolean | undefined;
  /** Two forests with the same seed and the same input are equal. A signed 64-bit integer; default 0. */
  randomSeed?: bigint | number | undefined;
  /**
   * What computes. 'wasm' is the WebAssembly kernel, several times faster; 'typescript' runs everywhere. Their results
   * are the same in all bits. Default 'auto': the kernel, where the runtime has WebAssembly with SIMD and the forest fits.
   */
  engine?: EngineChoice | undefined;
}

export type EngineChoice = 'auto' | 'wasm' | 'typescript';

/** The options with every default filled in; the seed is spent when the forest is made, and any engine can go on. */
export interface ForestParameters {
  readonly inputDimensions: number;
  readonly shingleSize: number;
  readonly numberOfTrees: number;
  readonly sampleSize: number;
  readonly timeDecay: number;
  readonly outputAfter: number;
  readonly initialAcceptFraction: number;
  readonly internalShingling: boolean;
}

export function forestParameters(options: ForestOptions): ForestParameters {
  const inputDimensions = integer('inputDimensions', options.inputDimensions, 1, 10_000);
  const shingleSize = integer('shingleSize', options.shingleSize ?? 1, 1, 10_000);
  const numberOfTrees = integer('numberOfTrees', options.numberOfTrees ?? 50, 1, 10_000);
  const sampleSize = integer('sampleSize', options.sampleSize ?? 256, 1, 1_000_000);
  const cells = numberOfTrees * sampleSize * inputDimensions * shingleSize;
  if (cells > cellsMax) {
    throw new RangeError(
      `numberOfTrees × sampleSize × inputDimensions × shingleSize is ${cells}; it must be at most ${cellsMax}`,
    );
  }
  return {
    inputDimensions,
    shingleSize,
    numberOfTrees,
    sampleSize,
    timeDecay: real('timeDecay', options.timeDecay ?? 1 / (10 * sampleSize), 0, 1),
    outputAfter: integer(
      'outputAfter',
      options.outputAfter ?? Math.max(1, Math.floor(sampleSize / 4)),
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    initialAcceptFraction: positive('initialAcceptFraction', options.initialAcceptFraction ?? 1, 1),
    internalShingling: boolean('internalShingling', options.internalShingling ?? false),
  };
}

export function engineChoice(engine: EngineChoice = 'auto'): EngineChoice {
  if (engine === 'auto' || engine === 'wasm' || engine === 'typescript') return engine;
  throw new RangeError(`engine is ${shown(engine)}; it must be one of auto, wasm, typescript`);
}

/** Seeds are 64-bit: a number past 2^53 has lost bits already, so it is refused rather than rounded. */
export function forestSeed(seed: bigint | number = 0): bigint {
  if (typeof seed === 'bigint' ? BigInt.asIntN(64, seed) === seed : Number.isSafeInteger(seed)) return BigInt(seed);
  throw new RangeError(
    `randomSeed is ${String(seed)}; it must be an integer from -2^53 + 1 to 2^53 - 1, or a bigint from -2^63 to 2^63 - 1`,
  );
}

const cellsMax = 2 ** 27;

export function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${shown(value)}; it must be an integer from ${min} to ${max}`);
}

export function real(name: string, value: number, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${shown(value)}; it must be a number from ${min} to ${max}`);
}

export function positive(name: string, value: number, max: number): number {
  if (typeof value === 'number' && value > 0 && value <= max) return value;
  throw new RangeError(`${name} is ${shown(value)}; it must be a number above 0 and at most ${max}`);
}

function boolean(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new RangeError(`${name} is ${shown(value)}; it must be true or false`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
