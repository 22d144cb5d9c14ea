import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonDecoder, type InputColumn } from '../../src/decode/json.ts';
import { collect, type DecodedAll, decodeAll } from './decode-all.ts';
import { runs } from './runs.ts';

const columns: readonly InputColumn[] = [
  { name: 's', type: { kind: 'varchar', length: 8 }, mapping: '$.s' },
  { name: 'unread', type: { kind: 'varchar', length: 8 }, mapping: '$.unread' },
  { name: 'i', type: { kind: 'integer' }, mapping: '$.i' },
  { name: 'l', type: { kind: 'bigint' }, mapping: '$.l' },
  { name: 'd', type: { kind: 'double' }, mapping: '$.d' },
  { name: 'r', type: { kind: 'real' }, mapping: '$.r' },
  { name: 'n', type: { kind: 'decimal', precision: 8, scale: 3 }, mapping: '$.n' },
  { name: 'w', type: { kind: 'decimal', precision: 19, scale: 5 }, mapping: '$.w' },
  { name: 'z', type: { kind: 'decimal', precision: 18, scale: 17 }, mapping: '$.z' },
  { name: 'b', type: { kind: 'boolean' }, mapping: '$.b' },
  { name: 't', type: { kind: 'timestamp' }, mapping: '$.t' },
  { name: 'x', type: { kind: 'varbinary', length: 4 }, mapping: '$.x' },
  { name: 'inner', type: { kind: 'integer' }, mapping: '$.o.i' },
  { name: 'deep', type: { kind: 'varchar', length: 4 }, mapping: '$.o.p.q' },
];
const used = columns.map(({ name }) => name !== 'unread');

const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?$/);
const number = fc.oneof(
  fc.integer({ min: -3_000_000_000, max: 3_000_000_000 }).map(String),
  fc.integer({ min: 0, max: 999 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x)),
  fc.double({ min: 1.5e9, max: 1.8e9, noNaN: true }).map(String),
  digits,
);
const string = fc.oneof(
  fc.string({ maxLength: 12 }).map((s) => JSON.stringify(s)),
  fc.string({ unit: 'binary', maxLength: 12 }).map((s) => JSON.stringify(s)),
  fc.constantFrom(
    '"Han Solo"',
    '"The Doctor"',
    '"a"',
    '""',
    '"true"',
    '"0aff"',
    '"12"',
    '"1.5e1"',
    '"\\u0041b"',
    '"é😀é😀"',
  ),
);
const timestamp = fc.oneof(
  fc
    .date({ min: new Date(-1e13), max: new Date(1e14), noInvalidDate: true })
    .chain((date) => fc.constantFrom(date.toISOString(), date.toISOString().slice(0, 19).replace('T', ' ')))
    .map((t) => JSON.stringify(t)),
  fc.stringMatching(/^"[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,9})?Z?"$/),
);
const word = fc.constantFrom('true', 'false', 'null');
const nested = fc.json({ maxDepth: 3 });
const value = fc.oneof({ arbitrary: number, weight: 3 }, string, timestamp, word, nested);

/** Mostly the value a column expects, so that templates are used; sometimes any other. */
function likely(usual: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ arbitrary: usual, weight: 12 }, { arbitrary: value, weight: 1 });
}

const object = fc
  .tuple(likely(number), likely(string), fc.boolean())
  .map(([i, q, both]) => (both ? `{"i":${i},"p":{"q":${q}}}` : `{"i":${i}}`));

const values: Record<string, fc.Arbitrary<string>> = {
  s: likely(string),
  unread: likely(string),
  i: likely(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String)),
  l: likely(
    fc.oneof(fc.maxSafeInteger().map(String), fc.bigInt({ min: -(2n ** 63n) - 1n, max: 2n ** 63n }).map(String)),
  ),
  d: likely(number),
  r: likely(fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => JSON.stringify(x))),
  n: likely(fc.integer({ min: -999_999, max: 999_999 }).map((x) => String(x / 1000))),
  w: likely(fc.stringMatching(/^-?(0|[1-9][0-9]{0,14})\.[0-9]{1,6}$/)),
  z: likely(fc.stringMatching(/^-?[0-9]\.[0-9]{1,18}$/)),
  b: likely(fc.constantFrom('true', 'false')),
  t: likely(timestamp),
  x: likely(fc.constantFrom('"00"', '"0aff"', '"X\'ff\'"')),
  o: likely(object),
  other: value,
  __proto__: value,
};

/** Records of one shape: same keys, same order, same blanks. */
const shape = fc.tuple(
  fc.shuffledSubarray(Object.keys(values)),
  fc.constantFrom('', ' '),
  fc.constantFrom('', '\n', ' \r\n'),
);

const records = shape.chain(([keys, blank, delimiter]) =>
  fc
    .array(fc.tuple(...keys.map((key) => values[key])), { maxLength: 8 })
    .map((rows) =>
      rows.map((row) => `{${keys.map((key, k) => `"${key}":${blank}${row[k]}`).join(`,${blank}`)}}${delimiter}`),
    ),
);

const shuffledRecords = fc
  .array(records, { maxLength: 4 })
  .map((groups) => groups.flat())
  .chain((flat) => fc.tuple(fc.constant(flat), fc.shuffledSubarray(flat)))
  .map(([flat, again]) => [...flat, ...again]);

/** Bytes of the input overwritten, taken out or doubled. */
const mutations = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('replace', 'remove', 'double'),
    length: fc.integer({ min: 1, max: 12 }),
    byte: fc.oneof(
      fc.constantFrom(0, 9, 10, 13, 34, 44, 48, 57, 58, 91, 92, 93, 123, 125, 0x80, 0xc3, 0xff),
      fc.nat(255),
    ),
  }),
  { maxLength: 6 },
);

function mutate(input: Buffer, changes: { at: number; kind: string; length: number; byte: number }[]): Buffer {
  let bytes = input;
  for (const { at, kind, length, byte } of changes) {
    const from = at % (bytes.length + 1);
    const rest = bytes.subarray(from + (kind === 'double' ? 0 : kind === 'replace' ? 1 : length));
    const insert = kind === 'replace' ? Buffer.of(byte) : kind === 'double' ? bytes.subarray(from, from + length) : '';
    bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(insert), rest]);
  }
  return bytes;
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });
const options = { columns, used };

describe('the fast path', () => {
  test('gives the rows and rejected records of the exact path, however the input is cut', () => {
    fc.assert(
      fc.property(
        shuffledRecords,
        mutations,
        cuts,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(60, 200, 1 << 20),
        (input, changes, cuts, batchRows, recordBytesMax) => {
          const bytes = mutate(Buffer.from(input.join('')), changes);
          const limited = { ...options, recordBytesMax };
          const everywhere = Array.from(bytes, (_, i) => i);
          const exact = decodeAll({ ...limited, engine: 'none' }, bytes);
          for (const engine of ['wasm', 'javascript'] as const) {
            expect(decodeAll({ ...limited, engine }, bytes)).toEqual(exact);
            expect(decodeAll({ ...limited, engine }, bytes, cuts, batchRows)).toEqual(exact);
            expect(decodeAll({ ...limited, engine }, bytes, everywhere, 3)).toEqual(exact);
          }
        },
      ),
      { numRuns: runs(375) },
    );
  });

  test('reads the doubles that JSON.parse reads', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(digits, fc.double({ min: 1.5e9, max: 1.8e9, noNaN: true }).map(String))),
        (numbers) => {
          const columns: InputColumn[] = [{ name: 'd', type: { kind: 'double' }, mapping: '$.d' }];
          const finite = numbers.filter((number) => Number.isFinite(Number(number)));
          const { rows } = decodeAll({ columns }, finite.map((number) => `{"d":${number}}`).join(''));
          expect(rows.map((row) => row.d)).toEqual(finite.map((number) => JSON.parse(number)));
        },
      ),
      { numRuns: runs(250) },
    );
  });
});

describe('the exact path', () => {
  test('takes what JSON.parse takes, with its values', () => {
    const text: InputColumn = { name: 'v', type: { kind: 'varchar', length: null }, mapping: '$.v' };
    const almostJson = fc.tuple(nested, mutations).map(([json, changes]) => mutate(Buffer.from(json), changes));
    fc.assert(
      fc.property(almostJson, (json) => {
        const record = `{"v":${json.toString('utf8')}}`;
        let value: unknown;
        try {
          value = (JSON.parse(record) as { v: unknown }).v;
        } catch {
          value = undefined;
        }
        const { rows, rejected } = decodeAll({ columns: [text] }, record);
        if (value === undefined) {
          // `0}{` makes two records of it.
          expect(rejected.length > 0 || rows.length > 1).toBe(true);
          return;
        }
        expect(rejected).toEqual([]);
        const { v } = rows[0];
        if (value === null) expect(v).toBe(null);
        else if (typeof value === 'string') expect(v).toBe(value);
        else expect(JSON.parse(v as string)).toEqual(value);
      }),
      { numRuns: runs(375) },
    );
  });

  test('resumes at any position as if it had not stopped', () => {
    fc.assert(
      fc.property(shuffledRecords, mutations, (input, changes) => {
        const bytes = mutate(Buffer.from(input.join('')), changes);
        const whole = decodeAll(options, bytes);
        const resumed: DecodedAll = { rows: [], rejected: [], offset: 0 };
        // A new decoder after each record.
        for (let offset = 0, more = true; more; ) {
          const decoder = createJsonDecoder(options);
          decoder.begin(offset);
          decoder.push(bytes.subarray(offset));
          decoder.end();
          more = decoder.decode(0, 1);
          collect(decoder, resumed);
          offset = decoder.offset;
        }
        expect({ ...resumed, offset: whole.offset }).toEqual(whole);
      }),
      { numRuns: runs(125) },
    );
  });
});

describe('nothing is lost: every intact record between malformed ones comes out', () => {
  const intact = fc
    .nat(1_000_000)
    .chain((id) =>
      fc.constantFrom(
        `{"id": ${id}, "s": "Jean-Luc Picard"}`,
        `{"s":"}{","id":${id}}`,
        `{"o": {"id": -1}, "id": ${id}, "list": [{"id": -2}]}`,
        `{"id":${id}}`,
        `{"id":${id},"s":"\\"{\\"id\\": -3}\\""}`,
      ),
    );
  const columns: InputColumn[] = [{ name: 'id', type: { kind: 'integer' }, mapping: '$.id' }];
  const flat = (id: number) => `{"id": ${id}, "s": "Jean-Luc Picard", "r": 12.5, "b": true, "n": null}`;

  /** A record cut off somewhere, or damaged so that it is surely no JSON. */
  const malformed = fc.oneof(
    fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 60 })).map(([id, length]) => flat(id).slice(0, length)),
    fc.constantFrom(
      '{"id": 1,, "s": ""}',
      '{"id": 1',
      '{"id": tru}',
      '{"id": "x\\y"}',
      '{"id" 1}',
      'garbage',
      '42',
      '{"id": NaN}',
      '{"s": "\u0001"}',
      `{"s": ${'['.repeat(70)}${']'.repeat(70)}}`,
    ),
  );
  const invalidText = Buffer.concat([Buffer.from('{"id": 5, "s": "'), Buffer.of(0xff), Buffer.from('"}')]);
  const rejectedWhole = fc.constantFrom(Buffer.from('{"id": "x"}'), Buffer.from('{"id": 1.5}'), invalidText);

  const piece = fc.oneof(
    { arbitrary: intact.map((text) => ({ text: Buffer.from(text), isIntact: true })), weight: 3 },
    { arbitrary: malformed.map((text) => ({ text: Buffer.from(text), isIntact: false })), weight: 1 },
    { arbitrary: rejectedWhole.map((text) => ({ text, isIntact: false })), weight: 1 },
  );

  function idsOf(pieces: { text: Buffer; isIntact: boolean }[]): number[] {
    return pieces
      .filter(({ isIntact }) => isIntact)
      .map(({ text }) => (JSON.parse(text.toString()) as { id: number }).id);
  }

  test('in lines: one rejected record for each malformed line, and exactly its bytes', () => {
    fc.assert(
      fc.property(fc.array(piece), cuts, (pieces, cuts) => {
        const bytes = Buffer.concat(pieces.flatMap(({ text }) => [text, Buffer.from('\n')]));
        const { rows, rejected } = decodeAll({ columns }, bytes, cuts);
        expect(rows.map((row) => row.id)).toEqual(idsOf(pieces));
        const bad = pieces.filter(({ isIntact }) => !isIntact).map(({ text }) => text.toString('latin1').trim());
        expect(rejected.map(({ record }) => record)).toEqual(bad);
      }),
      { numRuns: runs(375) },
    );
  });

  test('concatenated: one rejected record for each run of malformed ones', () => {
    fc.assert(
      fc.property(fc.array(piece), cuts, (pieces, cuts) => {
        // Two malformed records without anything between are one to any reader.
        const apart = pieces.filter(({ isIntact }, i) => isIntact || i === 0 || pieces[i - 1].isIntact);
        const bytes = Buffer.concat(apart.map(({ text }) => text));
        const { rows, rejected } = decodeAll({ columns }, bytes, cuts);
        expect(rows.map((row) => row.id)).toEqual(idsOf(apart));
        expect(rejected).toHaveLength(apart.filter(({ isIntact }) => !isIntact).length);
      }),
      { numRuns: runs(375) },
    );
  });
});
