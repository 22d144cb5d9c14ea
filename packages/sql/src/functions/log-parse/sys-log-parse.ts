import { isTextual } from '../patterns.ts';
import type { RecordFunction } from './record-function.ts';

/** AWS SQL reference, "SYS_LOG_PARSE": `Mon DD HH:MM:SS server message`. A syslog line has no year, and what a format lacks is
 *  that of 1970 (SEMANTICS.md, "log parsers"). */
export const sysLogParse: RecordFunction = {
  name: 'SYS_LOG_PARSE',
  doc: 'SYS_LOG_PARSE(s): COLUMN1 is the TIMESTAMP at the beginning of a syslog line, COLUMN2 the rest of it.',
  bind: (args) => {
    const [s] = args;
    if (args.length !== 1 || !s || !isTextual(s)) return null;
    return {
      fields: [
        { name: 'COLUMN1', type: { kind: 'timestamp' }, nullable: true },
        { name: 'COLUMN2', type: { kind: 'varchar', length: 1024 }, nullable: true },
      ],
      formats: ['MMM d HH:mm:ss', null],
      parse(text) {
        const match = line.exec(text);
        return match ? [match[1] ?? null, match[2] ?? null] : null;
      },
    };
  },
};

// RFC 3164: a priority may stand before; the day is padded with a blank.
const line = /^(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d) ?(.*)$/s;
