import { z } from 'zod';
import { rowtimeSchema } from './rowtime-schema.ts';

/** The JSON Schema of the `rowtime` section, as text: an editor completes and checks application.rowtime.json by it. */
export function rowtimeJsonSchema(): string {
  const schema = z.toJSONSchema(rowtimeSchema, { io: 'input' });
  return `${JSON.stringify({ title: 'The rowtime section of an application', ...schema }, null, 2)}\n`;
}
