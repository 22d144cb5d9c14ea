import type { Value } from '@rowtime/core';
import type { Span } from '../ast.ts';
import { SqlError } from '../errors.ts';

/** An argument of a table function, after the cursor. */
export interface Parameter {
  readonly name: string;
  /** What stands for it where it is left out. Without one it must be given. */
  readonly initial?: Value;
  /** "a whole number from 1 to 1000", for the hint. */
  readonly expected: string;
  readonly accepts: (value: Value) => boolean;
}

export function wholeNumber(name: string, min: number, max: number, initial?: number): Parameter {
  return {
    name,
    ...(initial === undefined ? {} : { initial }),
    expected: `a whole number from ${min} to ${max}`,
    accepts: (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
  };
}

export function positiveNumber(name: string): Parameter {
  return {
    name,
    expected: 'a number above 0',
    accepts: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  };
}

export function truth(name: string, initial: boolean): Parameter {
  return { name, initial, expected: 'TRUE or FALSE', accepts: (value) => typeof value === 'boolean' };
}

/** The name of a column, in single quotation marks. */
export function columnName(name: string): Parameter {
  return {
    name,
    expected: "the name of a column in single quotation marks: 'TICKER'",
    accepts: (value) => typeof value === 'string' && value !== '',
  };
}

export function oneOf(name: string, words: readonly string[]): Parameter {
  return {
    name,
    expected: words.map((word) => `'${word}'`).join(' or '),
    accepts: (value) => typeof value === 'string' && words.includes(value.toLowerCase()),
  };
}

/** All arguments, those left out included. Throws a SqlError for one too many, one too few, or one out of range. */
export function argumentsOf(
  fn: string,
  parameters: readonly Parameter[],
  args: readonly Value[],
  spanOf: (arg: number) => Span,
): Value[] {
  const names = parameters.map(({ name }) => name).join(', ');
  if (args.length > parameters.length) {
    const message = `${fn} takes at most ${count(parameters.length)} after the cursor`;
    throw new SqlError('SQL_ARGUMENTS', message, spanOf(parameters.length), `they are ${names}`);
  }
  return parameters.map(({ name, initial, expected, accepts }, i) => {
    const value = args[i] ?? initial;
    if (value === undefined) {
      const hint = `after the cursor come ${names}; ${name} is ${expected}`;
      throw new SqlError('SQL_ARGUMENTS', `${fn} lacks its argument ${name}`, spanOf(-1), hint);
    }
    if (!accepts(value)) {
      const shown = typeof value === 'string' ? `'${value}'` : String(value).toUpperCase();
      throw new SqlError('SQL_ARGUMENTS', `${name} is ${shown}`, spanOf(i), `it must be ${expected}`);
    }
    return value;
  });
}

function count(n: number): string {
  return n === 1 ? '1 argument' : `${n} arguments`;
}
