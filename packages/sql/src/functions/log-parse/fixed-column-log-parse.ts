import { ArgumentError } from '@rowtime/core';
import { isTextual } from '../patterns.ts';
import { columnList } from './column-list.ts';
import { constantText, type RecordFunction } from './record-function.ts';

/** AWS SQL reference, "FIXED_COLUMN_LOG_PARSE". */
export const fixedColumnLogParse: RecordFunction = {
  name: 'FIXED_COLUMN_LOG_PARSE',
  doc: "FIXED_COLUMN_LOG_PARSE(s, 'NAME TYPE type START n FOR m, …'): parts of s by their place, from 0.",
  bind: (args) => {
    const [s] = args;
    if (args.length !== 2 || !s || !isTextual(s)) return null;
    const columns = columnList(constantText(args, 1, 'the column list'), 1);
    const places = columns.map(({ field, start, length }) => {
      if (start === null) throw new ArgumentError(`column ${field.name} has no START`, 1);
      // Undocumented: without FOR, to the end of the text.
      return { from: start, to: length === null ? Number.POSITIVE_INFINITY : start + length };
    });
    return {
      fields: columns.map(({ field }) => field),
      formats: columns.map(({ format }) => format),
      parse: (text) => places.map(({ from, to }) => (from < text.length ? text.slice(from, to) : null)),
    };
  },
};
