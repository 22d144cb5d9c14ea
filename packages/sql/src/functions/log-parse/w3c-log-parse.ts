import { ArgumentError } from '@rowtime/core';
import { RE2JS } from 're2js';
import { compileRe2 } from '../java-pattern.ts';
import { isTextual } from '../patterns.ts';
import { constantText, defaultFields, type RecordFunction } from './record-function.ts';

/** AWS SQL reference, "W3C_LOG_PARSE". Every field is text: a numeric one could not be inserted where programs put it. */
export const w3cLogParse: RecordFunction = {
  name: 'W3C_LOG_PARSE',
  doc: "W3C_LOG_PARSE(s, 'COMMON'): a field for each specifier of an Apache log format, or of one that has a name.",
  bind: (args) => {
    const [s] = args;
    if (args.length !== 2 || !s || !isTextual(s)) return null;
    const written = constantText(args, 1, 'the format of W3C_LOG_PARSE').trim();
    const pattern = compileRe2(formatToRe2(formats[written.toUpperCase()] ?? written));
    const fields = defaultFields(pattern.groupCount());
    return {
      fields,
      parse(text) {
        const matcher = pattern.matcher(text);
        return matcher.matches() ? fields.map((_, i) => matcher.group(i + 1)) : null;
      },
    };
  },
};

const common = '%h %l %u %t "%r" %>s %b';

const formats: Readonly<Record<string, string>> = {
  COMMON: common,
  'COMMON WITH VHOST': `%v ${common}`,
  'NCSA EXTENDED': `${common} "%[Referer]i" "%[User-agent]i"`,
  REFERER: '%[Referer]i ---> %U',
  AGENT: '%[User-agent]i',
  // Not described by the reference; this is the IIS log file format of Microsoft: client, user, date, time, service, server,
  // address, time taken, bytes received and sent, status, Windows status, method, target, parameters.
  IIS: '%h, %u, %[date]t, %[time]t, %[service]n, %v, %A, %T, %I, %O, %s, %[status]n, %m, %U, %q,',
};

// %400,501[User-agent]i or %!200{Referer}i, %>s, %b: conditions, which request, what of it, letter.
const specifier = /%(?:!?\d{3}(?:,\d{3})*)?[<>]?(?:\[([^\]]*)\]|\{([^}]*)\})?([A-Za-z])/y;

function formatToRe2(format: string): string {
  // A quote may be written \", as in the configuration of Apache.
  const text = format.replaceAll('\\"', '"');
  let out = '';
  let specifiers = 0;
  for (let i = 0; i < text.length; ) {
    specifier.lastIndex = i;
    const match = specifier.exec(text);
    if (match) {
      specifiers++;
      i = specifier.lastIndex;
      out += group(match[3] as string, (match[1] ?? match[2]) !== undefined, text[match.index - 1], text.slice(i));
    } else {
      if (text[i] === '%' && text[i + 1] === '%') i++;
      out += RE2JS.quote(text[i++] as string);
    }
  }
  if (specifiers === 0) throw new ArgumentError(`'${format}' has no format specifier such as %h`, 1);
  return out;
}

/** What one specifier matches: up to what follows it. */
function group(letter: string, hasName: boolean, before: string | undefined, rest: string): string {
  // Apache writes a quote inside of quotes as \".
  if (before === '"' && rest.startsWith('"')) return '((?:[^"\\\\]|\\\\.)*)';
  // The time keeps its brackets.
  if (letter === 't' && !hasName) return '(\\[[^\\]]*\\])';
  const next = rest[0];
  if (next === ',') return '([^,]*)';
  // A header or a path can hold blanks; a host, a user, a number cannot.
  const open = hasName || 'rUqf'.includes(letter);
  if (next === undefined) return open ? '(.*)' : '(\\S*)';
  return open ? '(.*?)' : '(\\S+?)';
}
