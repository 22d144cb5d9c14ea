import { ArgumentError, type Expr } from '@rowtime/core';
import { isTextual } from '../patterns.ts';
import { columnList } from './column-list.ts';
import { constantText, defaultFields, type RecordFunction } from './record-function.ts';

/** AWS SQL reference, "VARIABLE_COLUMN_LOG_PARSE". */
export const variableColumnLogParse: RecordFunction = {
  name: 'VARIABLE_COLUMN_LOG_PARSE',
  doc: "VARIABLE_COLUMN_LOG_PARSE(s, columns, delimiter, escape, quotes): the parts of s between delimiters. Columns are a number, or 'NAME TYPE type, …'.",
  bind: (args) => {
    const [s, columns] = args;
    if (args.length < 3 || args.length > 5 || !s || !columns || !isTextual(s)) return null;
    const described = columnsOf(args, columns);
    const delimiter = constantText(args, 2, 'the delimiter');
    if (delimiter === '') throw new ArgumentError('the delimiter is empty', 2);
    const escapeChar = args.length > 3 ? constantText(args, 3, 'the escape') : '';
    const quotes = args.length > 4 ? constantText(args, 4, 'the quotes') : '';
    if (quotes.length > 2) throw new ArgumentError('the quotes are one or two characters', 4);
    const begin = quotes[0] ?? '';
    const split = splitter(delimiter, escapeChar, begin, quotes[1] ?? begin);
    return {
      ...described,
      parse(text) {
        const parts = split(text);
        // Undocumented: columns that the text does not have are NULL, parts without a column are left out.
        return described.fields.map((_, i) => parts[i] ?? null);
      },
    };
  },
};

function columnsOf(args: readonly Expr[], columns: Expr): Pick<ReturnType<typeof described>, 'fields' | 'formats'> {
  if (columns.kind === 'literal' && typeof columns.value === 'number') {
    const count = columns.value;
    if (!Number.isInteger(count) || count < 1 || count > 1000)
      throw new ArgumentError('the number of columns is 1 to 1000', 1);
    const fields = defaultFields(count);
    return { fields, formats: fields.map(() => null) };
  }
  return described(constantText(args, 1, 'the column list'));
}

function described(text: string): { fields: ReturnType<typeof defaultFields>; formats: (string | null)[] } {
  const list = columnList(text, 1);
  return { fields: list.map(({ field }) => field), formats: list.map(({ format }) => format) };
}

/** An escape makes what follows it ordinary; between quotes a delimiter is. Both are left out. */
function splitter(delimiter: string, escapeChar: string, begin: string, end: string): (text: string) => string[] {
  if (escapeChar === '' && begin === '') return (text) => text.split(delimiter);
  return (text) => {
    const parts: string[] = [];
    let part = '';
    let quoted = false;
    for (let i = 0; i < text.length; ) {
      if (escapeChar !== '' && text.startsWith(escapeChar, i) && i + escapeChar.length < text.length) {
        i += escapeChar.length;
        // The delimiter as a whole is what was escaped.
        const what = text.startsWith(delimiter, i) ? delimiter : (text[i] as string);
        part += what;
        i += what.length;
      } else if (quoted ? text[i] === end : text[i] === begin) {
        quoted = !quoted;
        i++;
      } else if (!quoted && text.startsWith(delimiter, i)) {
        parts.push(part);
        part = '';
        i += delimiter.length;
      } else part += text[i++];
    }
    parts.push(part);
    return parts;
  };
}
