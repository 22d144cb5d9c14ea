import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../src/checkpoint-codec.ts';
import { memoryStore } from '../src/testing/memory-store.ts';
import { storeContract } from '../src/testing/store-contract.ts';

const typedArray = fc.oneof(
  fc.float64Array(),
  fc.float32Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.uint8Array(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.bigInt64Array(),
);

/** UTF-16 as it comes, lone surrogates too. */
const text = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '0', '', 'a'));

const plainData = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.double(),
    fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    text,
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    typedArray,
    fc.array(tie('value')),
    fc.array(fc.tuple(key, tie('value'))).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

test('gives back what it was given', () => {
  fc.assert(
    fc.property(plainData, (value) => {
      // Not toStrictEqual: it takes a key `constructor` for the class of an object.
      expect(isDeepStrictEqual(decodeCheckpoint(encodeCheckpoint(value)), value)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('keeps __proto__ a key like any other', () => {
  const value = JSON.parse('{"__proto__":{"polluted":1},"a":2}');
  const decoded = decodeCheckpoint(encodeCheckpoint(value)) as object;
  expect(Object.keys(decoded)).toEqual(['__proto__', 'a']);
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
});

test('reads bytes that lie at an odd place, and shares nothing with them', () => {
  const encoded = encodeCheckpoint({ sums: Float64Array.of(1.5, -2) });
  const moved = new Uint8Array(encoded.length + 3);
  moved.set(encoded, 3);
  const decoded = decodeCheckpoint(moved.subarray(3));
  moved.fill(0);
  expect(decoded).toStrictEqual({ sums: Float64Array.of(1.5, -2) });
});

test('encodes a part of an array, and a Buffer as the bytes it holds', () => {
  const part = new Int32Array([1, 2, 3, 4]).subarray(1, 3);
  expect(decodeCheckpoint(encodeCheckpoint([part, Buffer.from('ab')]))).toStrictEqual([
    Int32Array.of(2, 3),
    Uint8Array.of(97, 98),
  ]);
});

describe('refuses to encode what it could not give back', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a Map', new Map()],
    ['a Date', new Date(0)],
    ['a hole', new Array(1)],
    ['a DataView', new DataView(new ArrayBuffer(8))],
    ['an object of a class', new (class Counter {})()],
    ['a cycle', cyclic],
  ])('%s', (_, value) => {
    expect(() => encodeCheckpoint({ operators: { 'PUMP/1': value } })).toThrow(
      /^a checkpoint holds plain data, not .*, at operators.PUMP\/1/,
    );
  });
});

describe('refuses to decode', () => {
  const encoded = encodeCheckpoint({ a: [1, 'x'], sums: Float64Array.of(1, 2, 3), bytes: Uint8Array.of(1, 2, 3) });

  test('any beginning of an encoding', () => {
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeCheckpoint(encoded.subarray(0, length))).toThrow('not a whole checkpoint');
    }
  });

  test('an encoding with more behind it', () => {
    expect(() => decodeCheckpoint(Buffer.concat([encoded, Buffer.alloc(8)]))).toThrow('its arrays end at');
  });

  test('any bytes at all, except with this error', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(encoded.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (flips) => {
          const bytes = encoded.slice();
          for (const [at, byte] of flips) bytes[at] = byte;
          try {
            decodeCheckpoint(bytes);
          } catch (error) {
            expect((error as Error).message).toMatch(/^not a whole checkpoint: /);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['an array without a tag', '[]', 'the tag undefined'],
    ['an unknown tag', '["z",1]', 'the tag z'],
    ['a number in disguise', '["n","12"]', 'the tag n'],
    ['a bigint that is none', '["i","0x10"]', 'the tag i'],
    ['an array longer than its bytes', '["f64",1e9]', 'a Float64Array of 1000000000 begins at'],
    ['an array of negative length', '["u8",-1]', 'a Uint8Array of -1'],
    ['an array of a length that is no integer', '["u8",0.5]', 'a Uint8Array of 0.5'],
    ['what is not JSON', '{"a":', 'its header is not JSON'],
    ['too deep a nesting', `${'["a",'.repeat(5000)}1${']'.repeat(5000)}`, 'more than 200 deep'],
  ])('%s', (_, header, message) => {
    expect(() => decodeCheckpoint(withHeader(header))).toThrow(message);
  });
});

function withHeader(header: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((12 + header.length) / 8) * 8);
  const empty = encodeCheckpoint(null);
  bytes.set(empty.subarray(0, 8));
  new DataView(bytes.buffer).setUint32(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), 12);
  return bytes;
}

describe('a store in memory', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      const store = memoryStore();
      await run({ create: () => store });
    });
  }
});
