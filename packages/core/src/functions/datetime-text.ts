import type { BoundFunction, Expr, ScalarFunction } from '../expr.ts';
import { ArgumentError } from '../expr.ts';
import { isText, type SqlType } from '../schema.ts';
import { byValue, Fail } from './by-value.ts';
import { DateFormat } from './date-format.ts';
import { remembered } from './remembered.ts';

/** Datetimes to and from text by a pattern, which comes first. */
export const datetimeTextFunctions: readonly ScalarFunction[] = [
  charTo('CHAR_TO_TIMESTAMP', 'timestamp', (t) => t),
  charTo('CHAR_TO_DATE', 'date', (t) => Math.floor(t / day) * day),
  charTo('CHAR_TO_TIME', 'time', (t) => t - Math.floor(t / day) * day),
  toChar('TIMESTAMP_TO_CHAR', 'timestamp'),
  toChar('DATE_TO_CHAR', 'date'),
  toChar('TIME_TO_CHAR', 'time'),
];

const day = 86_400_000;

function charTo(name: string, kind: 'timestamp' | 'date' | 'time', part: (t: number) => number): ScalarFunction {
  const mismatch = new Fail('DatetimeFormatError', `a text does not have the format of ${name}`);
  return {
    name,
    doc: `${name}(format, s): the ${kind.toUpperCase()} that s shows, in a format of Java's SimpleDateFormat; what it lacks is that of 1970-01-01 00:00:00.`,
    bind: (args) => {
      if (args.length !== 2 || !args.every(isTextual)) return null;
      const formatOf = formats(args[0]);
      return byValue({ kind }, args, ([pattern, text]) => {
        const format = formatOf(pattern as string);
        if (!format) return badFormat;
        const t = format.parse(text as string);
        return Number.isNaN(t) ? mismatch : part(t);
      });
    },
  };
}

function toChar(name: string, kind: 'timestamp' | 'date' | 'time'): ScalarFunction {
  return {
    name,
    doc: `${name}(format, t): the ${kind.toUpperCase()} as text, in a format of Java's SimpleDateFormat.${kind === 'timestamp' ? " NULL gives the text 'null'." : ''}`,
    bind: (args) => {
      const [pattern, t] = args;
      if (args.length !== 2 || !pattern || !t || !isTextual(pattern)) return null;
      if (t.type.kind !== kind && t.type.kind !== 'null') return null;
      const formatOf = formats(pattern);
      const type: SqlType = { kind: 'varchar', length: null };
      const bound = byValue(
        type,
        args,
        ([written, value]) => formatOf(written as string)?.format(value as number) ?? badFormat,
      );
      return kind === 'timestamp' ? nullAsText(bound) : bound;
    },
  };
}

const badFormat = new Fail('InvalidFormat', 'a datetime format that is none');

/** The formats of an argument, each made once. A constant one that is malformed is an error at once. */
function formats(pattern: Expr): (written: string) => DateFormat | null {
  if (pattern.kind === 'literal' && typeof pattern.value === 'string') {
    const format = new DateFormatOrReason(pattern.value);
    if (format.reason !== null)
      throw new ArgumentError(`'${pattern.value}' is not a datetime format: ${format.reason}`, 0);
  }
  return remembered((written) => new DateFormatOrReason(written).format);
}

class DateFormatOrReason {
  readonly format: DateFormat | null = null;
  readonly reason: string | null = null;

  constructor(pattern: string) {
    try {
      this.format = new DateFormat(pattern);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.reason = error.message;
    }
  }
}

// AWS SQL reference, "TIMESTAMP_TO_CHAR": if the input is null, the output is the string "null".
function nullAsText({ type, kernel }: BoundFunction): BoundFunction {
  return {
    type,
    kernel: (kernels, failures) => {
      const format = kernel(kernels, failures);
      return (batch) => {
        const column = format(batch);
        if (column.kind !== 'text' || !column.valid?.includes(0)) return column;
        const at = column.dict.indexOf('null');
        const dict = at < 0 ? [...column.dict, 'null'] : column.dict;
        const code = at < 0 ? column.dict.length : at;
        const { valid } = column;
        const codes = column.codes.map((own, i) => (valid[i] === 0 ? code : own));
        return { kind: 'text', codes, dict, valid: valid.map((state) => (state === 0 ? 1 : state)) };
      };
    },
  };
}

function isTextual({ type }: Expr): boolean {
  return isText(type) || type.kind === 'null';
}
