import type { Schema, Value } from '@rowtime/core';
import { RandomCutForest } from '@rowtime/rcf';
import type { Span } from '../ast.ts';
import { SqlError } from '../errors.ts';
import { argumentsOf, type Parameter, wholeNumber } from './parameters.ts';
import { checkPointColumns } from './points.ts';

/** What both forms of RANDOM_CUT_FOREST take first. */
export const forestParameters: readonly Parameter[] = [
  wholeNumber('numberOfTrees', 1, 1000, 100),
  wholeNumber('subSampleSize', 10, 1000, 256),
  wholeNumber('timeDecay', 1, 2_147_483_647, 100_000),
  wholeNumber('shingleSize', 1, 30, 1),
];

const columnsMax = 30;

// 32-bit numbers that the samples of a forest may take: half a gigabyte, and with their boxes 1.5 GB. The service's unit had
// 4 GB. Undocumented: SEMANTICS.md, "Large forests".
const sampledNumbersMax = 2 ** 27;

/** Throws a SqlError for arguments or a query of which no forest can be made. */
export function checkForest(
  fn: string,
  parameters: readonly Parameter[],
  input: Schema,
  args: readonly Value[],
  spanOf: (arg: number) => Span,
): void {
  const [trees = 0, sampleSize = 0, timeDecay = 0, shingleSize = 0] = argumentsOf(fn, parameters, args, spanOf).map(
    Number,
  );
  if (sampleSize >= timeDecay) {
    const message = `subSampleSize ${sampleSize} is not less than timeDecay ${timeDecay}`;
    throw new SqlError('SQL_ARGUMENTS', message, spanOf(1), 'use a larger timeDecay');
  }
  const dimensions = checkPointColumns(fn, input, spanOf(-1), columnsMax) * shingleSize;
  if (trees * sampleSize * dimensions > sampledNumbersMax) {
    const columns = dimensions / shingleSize;
    const message = `numberOfTrees ${trees} × subSampleSize ${sampleSize} × shingleSize ${shingleSize} × ${columns} columns is ${trees * sampleSize * dimensions}`;
    throw new SqlError(
      'SQL_ARGUMENTS',
      message,
      spanOf(0),
      `this engine holds at most ${sampledNumbersMax}: make one less`,
    );
  }
}

export function createForest(columns: number, args: readonly Value[], seed: number): RandomCutForest {
  const [numberOfTrees = 100, sampleSize = 256, timeDecay = 100_000, shingleSize = 1] = forestParameters.map(
    ({ initial }, i) => Number(args[i] ?? initial),
  );
  return new RandomCutForest({
    inputDimensions: columns,
    shingleSize,
    internalShingling: shingleSize > 1,
    numberOfTrees,
    sampleSize,
    timeDecay: 1 / timeDecay,
    // "returns zero for the first subSampleSize records"; the library would begin after a quarter of them.
    outputAfter: sampleSize + shingleSize - 1,
    initialAcceptFraction: 1,
    randomSeed: seed,
  });
}
