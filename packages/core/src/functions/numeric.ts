import type { BoundFunction, Expr, ScalarFunction } from '../expr.ts';
import { both, ValidWriter } from '../kernels/valid.ts';
import { isNumeric } from '../schema.ts';
import { asDoubles } from './arithmetic.ts';
import { fitNumbers } from './numeric-types.ts';

/** Functions that give DOUBLE and have a domain: outside of it the row fails. */
export const numericFunctions: readonly ScalarFunction[] = [
  double('EXP', 'e to the power of the argument.', Math.exp),
  double('LN', 'Natural logarithm; the argument must be above 0.', (x) => (x > 0 ? Math.log(x) : Number.NaN)),
  double('LOG10', 'Logarithm to base 10; the argument must be above 0.', (x) => (x > 0 ? Math.log10(x) : Number.NaN)),
  double('SQRT', 'Square root; the argument must not be below 0.', Math.sqrt),
  {
    name: 'POWER',
    doc: 'POWER(base, exponent). Fails for 0 to a negative power and a negative base with a fractional exponent.',
    bind: (args) => (args.length === 2 && args.every(isNumber) ? power : null),
  },
];

const power: BoundFunction = {
  type: { kind: 'double' },
  kernel: ([base, exponent], failures) => {
    const failure = failures.number('InvalidArgument', 'argument of POWER outside its domain');
    return (batch) => {
      const [a, b] = [asDoubles(base(batch)), asDoubles(exponent(batch))];
      const values = new Float64Array(batch.length);
      const valid = new ValidWriter(both(a.valid, b.valid), batch.length);
      for (let i = 0; i < values.length; i++) {
        values[i] = a.values[i] ** b.values[i];
        const outside = Number.isNaN(values[i]) || (a.values[i] === 0 && b.values[i] < 0);
        if (outside && valid.isValid(i)) valid.set(i, failure);
      }
      return { kind: 'num', ...fitNumbers(values, valid.finish(), { kind: 'double' }, failures) };
    };
  },
};

function double(name: string, doc: string, f: (x: number) => number): ScalarFunction {
  return {
    name,
    doc,
    bind: (args) =>
      args.length === 1 && args.every(isNumber)
        ? {
            type: { kind: 'double' },
            kernel: ([a], failures) => {
              const failure = failures.number('InvalidArgument', `argument of ${name} outside its domain`);
              return (batch) => {
                const column = asDoubles(a(batch));
                const values = new Float64Array(batch.length);
                const valid = new ValidWriter(column.valid, batch.length);
                for (let i = 0; i < values.length; i++) {
                  values[i] = f(column.values[i]);
                  if (Number.isNaN(values[i]) && valid.isValid(i)) valid.set(i, failure);
                }
                return { kind: 'num', ...fitNumbers(values, valid.finish(), { kind: 'double' }, failures) };
              };
            },
          }
        : null,
  };
}

function isNumber(expr: Expr): boolean {
  return isNumeric(expr.type) || expr.type.kind === 'null';
}
