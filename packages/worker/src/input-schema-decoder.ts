import { createDecoder } from '@rowtime/sources/decoder';
import type { RecordDecoder } from '@rowtime/sql/conformance';
import { parseInputSchema } from './input-schema.ts';

/** Decodes single records by an InputSchema: what the conformance runner needs for cases with raw records. */
export function inputSchemaDecoder(inputSchema: unknown): RecordDecoder {
  const schema = parseInputSchema(inputSchema, 'input_config');
  return {
    schema: schema.columns.map(({ name, type }) => ({ name, type, nullable: true })),
    decode(record, rowtime) {
      const decoder = createDecoder(schema);
      decoder.begin();
      decoder.push(Buffer.from(record));
      decoder.end();
      decoder.decode(rowtime, Number.POSITIVE_INFINITY);
      return decoder.take();
    },
  };
}
