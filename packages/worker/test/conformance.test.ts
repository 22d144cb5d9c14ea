import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ConformanceCase, runCase } from '@rowtime/sql/conformance';
import { expect, test } from 'vitest';
import { inputSchemaDecoder } from '../src/input-schema-decoder.ts';

// conformance/*.json: whole programs over raw records and an InputSchema, each run four ways.
const folder = join(import.meta.dirname, 'conformance');

for (const file of readdirSync(folder).sort()) {
  const case_ = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ConformanceCase;
  test(case_.name, () => {
    expect(case_.name).toBe(basename(file, '.json'));
    expect(runCase(case_, { decoder: inputSchemaDecoder })).toBeNull();
  });
}
