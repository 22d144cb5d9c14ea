import { ArgumentError } from '@rowtime/core';
import { compileJava } from '../java-pattern.ts';
import { isTextual } from '../patterns.ts';
import { PatternError } from '../similar-pattern.ts';
import { columnList } from './column-list.ts';
import { constantText, defaultFields, type RecordFunction } from './record-function.ts';

/** AWS SQL reference, "REGEX_LOG_PARSE". */
export const regexLogParse: RecordFunction = {
  name: 'REGEX_LOG_PARSE',
  doc: "REGEX_LOG_PARSE(s, 'regex'): a field for each group of a Java regular expression that matches the whole of s; NULLs if it does not.",
  bind: (args) => {
    const [s] = args;
    if (args.length < 2 || args.length > 3 || !s || !isTextual(s)) return null;
    const pattern = compiled(constantText(args, 1, 'the pattern of REGEX_LOG_PARSE'));
    const groups = pattern.groupCount();
    if (groups === 0) throw new ArgumentError('the pattern has no group to make a column of: write (…)', 1);
    const fields =
      args.length === 3
        ? columnList(constantText(args, 2, 'the column list of REGEX_LOG_PARSE'), 2).map(({ field }) => field)
        : defaultFields(groups);
    if (fields.length !== groups) {
      throw new ArgumentError(`the pattern has ${groups} groups, and ${fields.length} columns are named`, 2);
    }
    return {
      fields,
      parse(text) {
        const matcher = pattern.matcher(text);
        return matcher.matches() ? fields.map((_, i) => matcher.group(i + 1)) : null;
      },
    };
  },
};

function compiled(pattern: string): ReturnType<typeof compileJava> {
  try {
    return compileJava(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new ArgumentError(`'${pattern}' is no regular expression: ${error.message}`, 1);
  }
}
