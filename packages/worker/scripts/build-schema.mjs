// Makes schemas/rowtime.schema.json, for editors, from the schema that rowtime validates with. A test holds it to that.
import { writeFileSync } from 'node:fs';
import { rowtimeJsonSchema } from '../dist/application/json-schema.js';

writeFileSync(new URL('../schemas/rowtime.schema.json', import.meta.url), rowtimeJsonSchema());
