import { describe, expect, test } from 'vitest';
import { rejectedBytesMax } from '../../src/decode/input-decoder.ts';
import { createJsonDecoder, type InputColumn } from '../../src/decode/json.ts';
import { captainColumns, decodeAll } from './decode-all.ts';

// features: F185 F186 F187 F188 F193

const a: readonly InputColumn[] = [{ name: 'a', type: { kind: 'integer' }, mapping: '$.a' }];
const text = (name: string, mapping: string): InputColumn => ({ name, type: { kind: 'varchar', length: 64 }, mapping });

/** The values of column a, and the rejected records' bytes. */
function decodeA(input: string | Uint8Array, options = {}) {
  const { rows, rejected, offset } = decodeAll({ columns: a, ...options }, input);
  return { a: rows.map((row) => row.a), rejected: rejected.map(({ record }) => record), offset };
}

describe('records', () => {
  test.each([
    ['lines', '{"a":1}\n{"a":2}\n'],
    ['lines that end in CR LF, the last without', '{"a":1}\r\n{"a":2}'],
    ['concatenated', '{"a":1}{"a":2}'],
    ['blanks between and around', ' \n\t{"a":1}   \n\n {"a":2}\r\n'],
    ['over several lines', '{\n  "a": 1\n}\n{\n  "a":\n2}'],
    ['after a byte order mark', '\ufeff{"a":1}{"a":2}'],
  ])('%s', (_, input) => {
    expect(decodeA(input)).toMatchObject({ a: [1, 2], rejected: [] });
  });

  test('no bytes, no rows', () => {
    expect(decodeA('')).toEqual({ a: [], rejected: [], offset: 0 });
    expect(decodeA(' \n')).toEqual({ a: [], rejected: [], offset: 0 });
  });

  test('the last of equal keys counts, and takes all of the earlier value away', () => {
    expect(decodeA('{"a":1,"a":2}{"a":"x","\\u0061":3}').a).toEqual([2, 3]);
    const columns = [text('b', '$.a.b'), text('c', '$.a.c')];
    const { rows } = decodeAll({ columns }, '{"a":{"b":1},"a":{"c":2}}{"a":{"b":1},"a":{"b":2}}{"a":{"b":1},"a":3}');
    expect(rows).toEqual([
      { b: null, c: '2' },
      { b: '2', c: null },
      { b: null, c: null },
    ]);
  });

  test('keys like those of Object.prototype are keys', () => {
    const columns = [text('__proto__', '$.__proto__'), text('constructor', '$.constructor')];
    const { rows } = decodeAll({ columns }, '{"__proto__":"x"}{"constructor":"y"}');
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ['__proto__', 'x'],
        ['constructor', null],
      ],
      [
        ['__proto__', null],
        ['constructor', 'y'],
      ],
    ]);
  });

  test('a text column that no one reads is NULL, but other columns still reject', () => {
    const used = [false, true, false, false];
    const records = '{"user": "x", "favoritecaptain": "y", "rating": 1, "timestamp": 2}\n';
    const { rows, rejected } = decodeAll(
      { columns: captainColumns, used },
      `${records}${records}{"rating": "many"}\n{"user": "\\x"}\n{"user": {}, "timestamp": 3}`,
    );
    expect(rows).toEqual([
      { COL_user: null, favoritecaptain: 'y', rating: 1, COL_timestamp: 2 },
      { COL_user: null, favoritecaptain: 'y', rating: 1, COL_timestamp: 2 },
      { COL_user: null, favoritecaptain: null, rating: null, COL_timestamp: 3 },
    ]);
    expect(rejected.map(({ name }) => name)).toEqual(['CoercionError', 'MalformedRecord']);
  });

  test('texts are one code each, however they are written', () => {
    const decoder = createJsonDecoder({
      columns: [{ name: 's', type: { kind: 'varchar', length: 2 }, mapping: '$.s' }],
    });
    decoder.begin();
    decoder.push(Buffer.from('{"s":"ab"}{"s":"a\\u0062"}{"s":"abc"}{"s":"é"}{"s":"ab"}'));
    decoder.decode(7, 100);
    expect(decoder.take().batch).toEqual({
      length: 5,
      rowtime: Float64Array.of(7, 7, 7, 7, 7),
      columns: [{ kind: 'text', codes: Int32Array.of(0, 0, 0, 1, 0), dict: ['ab', 'é'], valid: null }],
    });
    decoder.push(Buffer.from('{"s":"é"}'));
    decoder.decode(8, 100);
    expect(decoder.take().batch?.columns[0]).toMatchObject({ dict: ['é'] });
  });

  test('texts with half a character are not all the same', () => {
    const halves = ['\ud800', '\udc00', '\ufffd', '\ud800', 'a\udfff', '\ufffd'];
    const { rows } = decodeAll({ columns: [text('s', '$.s')] }, halves.map((s) => JSON.stringify({ s })).join(''));
    expect(rows.map((row) => row.s)).toEqual(halves);
  });

  test('many distinct texts come out as they went in', () => {
    const texts = Array.from({ length: 50_000 }, (_, i) => `key ${(i * 7919) % 40_000}`);
    const { rows } = decodeAll({ columns: [text('s', '$.s')] }, texts.map((s) => JSON.stringify({ s })).join('\n'));
    expect(rows.map((row) => row.s)).toEqual(texts);
  });
});

describe('paths', () => {
  const record = JSON.stringify({
    customerName: 'John Doe',
    'a b': 'c',
    "it's": 'd',
    address: { city: 'Anytown', street: { name: 'AnyStreet' } },
    orders: [{ id: '23284', price: '33.99' }, { id: '63122' }],
  });
  test.each([
    ['$.customerName', ['John Doe']],
    ['$.customername', [null]],
    ['$.address.city', ['Anytown']],
    ['$.address.street.name', ['AnyStreet']],
    ['$.address.city.name', [null]],
    ["$['a b']", ['c']],
    ['$["a b"]', ['c']],
    ['$.a b', ['c']],
    ["$['it\\'s']", ['d']],
    ["$.address['city']", ['Anytown']],
    ['$.orders[0:]', ['[{"id":"23284","price":"33.99"},{"id":"63122"}]']],
    ['$.orders[0:].id', ['23284', '63122']],
    ['$.orders[0:].price', ['33.99', null]],
    ['$.orders.id', [null]],
    ['$.address[0:].city', [null]],
  ])('%s', (mapping, expected) => {
    const { rows } = decodeAll({ columns: [text('v', mapping)] }, record + record);
    expect(rows.map((row) => row.v)).toEqual([...expected, ...expected]);
  });

  const orders = [text('name', '$.name'), { name: 'n', type: { kind: 'integer' }, mapping: '$.orders[0:].n' } as const];

  test('the other columns are repeated for each element', () => {
    const { rows } = decodeAll({ columns: orders }, '{"name":"x","orders":[{"n":1},{"n":2},3]}{"orders":[{"n":4}]}');
    expect(rows).toEqual([
      { name: 'x', n: 1 },
      { name: 'x', n: 2 },
      { name: 'x', n: null },
      { name: null, n: 4 },
    ]);
  });

  test.each([
    '{"name":"x","orders":[]}',
    '{"name":"x"}',
    '{"name":"x","orders":null}',
    '{"orders":[{"n":1}],"orders":2,"name":"x"}',
  ])('%s gives one row', (record) => {
    expect(decodeAll({ columns: orders }, record).rows).toEqual([{ name: 'x', n: null }]);
  });

  test('one bad element rejects the whole record', () => {
    const { rows, rejected } = decodeAll({ columns: orders }, '{"orders":[{"n":1},{"n":"x"}]}{"orders":[{"n":2}]}');
    expect(rows).toEqual([{ name: null, n: 2 }]);
    expect(rejected).toHaveLength(1);
  });

  test.each([
    ['$.rows[0:]', '{"rows":[{"a":1},{"a":2}],"a":9}', [1, 2]],
    ['$.data', '{"data":{"a":1}}{"data":{"a":2}}', [1, 2]],
    ['$[0:]', '[{"a":1},{"a":2}]\n[{"a":3}][]', [1, 2, 3, null]],
  ])('mappings begin at the row path %s', (rowPath, input, expected) => {
    expect(decodeA(input, { rowPath })).toMatchObject({ a: expected, rejected: [] });
  });

  test.each([
    ['a', 'it must begin with $'],
    ['$.', 'cannot read it from character 2 on'],
    ['$.a[1]', 'cannot read it from character 4 on'],
    ['$.a[0:].b[0:].c', 'one level only'],
  ])('the mapping %s is refused', (mapping, message) => {
    expect(() => createJsonDecoder({ columns: [text('v', mapping)] })).toThrow(message);
  });

  test('two flattened arrays are refused', () => {
    const columns = [text('v', '$.a[0:].x'), text('w', '$.b[0:].x')];
    expect(() => createJsonDecoder({ columns })).toThrow('only one');
  });
});

describe('a malformed record is rejected and nothing else', () => {
  test.each<[string, string, number[], string[]]>([
    // NDJSON: up to the end of its line
    ['truncated at the end of a line', '{"a":1}\n{"a":\n{"a":3}\n', [1, 3], ['{"a":']],
    ['truncated in a string', '{"a":1}\n{"b":"x\n{"a":3}\n', [1, 3], ['{"b":"x']],
    ['truncated in an array', '{"b":[1,\n{"a":2}\n{"a":3}\n', [2, 3], ['{"b":[1,']],
    ['a line of words', '{"a":1}\nhello world\n{"a":3}\n', [1, 3], ['hello world']],
    ['two of them', 'x\ny z\r\n{"a":3}\n', [3], ['x', 'y z']],
    ['a lone bracket', '}\n{"a":3}\n', [3], ['}']],
    ['not an object', '42\n"x"\nnull\n{"a":3}\n', [3], ['42', '"x"', 'null']],
    ['a trailing comma', '{"a":1,}\n{"a":2}', [2], ['{"a":1,}']],
    ['single quotes', '{\'a\':1}\n{"a":2}', [2], ["{'a':1}"]],
    ['NaN', '{"a":NaN}\n{"a":2}', [2], ['{"a":NaN}']],
    ['a leading zero', '{"a":01}\n{"a":2}', [2], ['{"a":01}']],
    ['a bad escape', '{"b":"\\x"}\n{"a":2}', [2], ['{"b":"\\x"}']],
    ['a tab in a string', '{"b":"\t"}\n{"a":2}', [2], ['{"b":"\t"}']],
    ['an array', '[{"a":1},{"a":2}]\n{"a":3}', [3], ['[{"a":1},{"a":2}]']],
    // concatenated: up to the next whole object with a mapped value
    ['truncated before a record', '{"a":1}{"a":{"a":3}{"a":4}', [1, 3, 4], ['{"a":']],
    ['truncated in a string before a record', '{"b":"tru{"a":2}{"a":3}', [2, 3], ['{"b":"tru']],
    ['truncated in a word', '{"a":tru{"a":2}\n{"a":3}', [2, 3], ['{"a":tru']],
    ['words between', '{"a":1} and {"a":2}; {"a":3}', [1, 2, 3], ['and', ';']],
    ['commas between', '{"a":1}, {"a":2}, {"a":3}', [1, 2, 3], [',', ',']],
    ['the nested object of a broken record', '{"b":{"a":5},"c":tru}{"a":2}', [2], ['{"b":{"a":5},"c":tru}']],
    ['one at its end', '{"c":tru,"b":{"a":5}}{"a":2}', [2], ['{"c":tru,"b":{"a":5}}']],
    ['JSON inside a string that should be escaped', '{"m":"{"a":5}","b":1}{"a":2}', [2], ['{"m":"{"a":5}","b":1}']],
    ['truncated at the end', '{"a":1}{"a":2', [1], ['{"a":2']],
    ['truncated at the end, blanks', '{"a":1}{"a":2 \n', [1], ['{"a":2']],
  ])('%s', (_, input, expected, rejected) => {
    const once = decodeA(input);
    expect(once).toMatchObject({ a: expected, rejected });
    expect(decodeA(input, { engine: 'none' })).toEqual(once);
  });

  test('the reason names the byte', () => {
    const { rejected } = decodeAll({ columns: a }, '{"a":1}\n{"a":tru}\n{"a"');
    expect(rejected.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      'MalformedRecord: malformed JSON: unexpected "}" at byte 16; record at byte 8',
      'MalformedRecord: malformed JSON: the input ends inside the record; record at byte 18',
    ]);
  });

  test('invalid UTF-8, in any string', () => {
    const bad = Buffer.concat([Buffer.from('{"b":"'), Buffer.of(0xc3, 0x28), Buffer.from('","a":1}')]);
    const good = Buffer.from('{"b":"é😀","a":2}');
    const { rows, rejected } = decodeAll({ columns: a }, Buffer.concat([good, bad, good, bad, good]));
    expect(rows).toEqual([{ a: 2 }, { a: 2 }, { a: 2 }]);
    expect(rejected.map(({ message }) => message)).toEqual([
      'the record is not valid UTF-8; record at byte 20',
      'the record is not valid UTF-8; record at byte 56',
    ]);
  });

  test('nesting of 64 levels is read, of 65 is not', () => {
    const nested = (levels: number) => `{"b":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)},"a":${levels}}\n`;
    const { rows, rejected } = decodeAll(
      { columns: a },
      nested(2) + nested(64) + nested(65) + nested(64) + nested(9999),
    );
    expect(rows).toEqual([{ a: 2 }, { a: 64 }, { a: 64 }]);
    expect(rejected.map(({ message }) => message.split(';')[0])).toEqual(
      Array(2).fill('the record is nested more than 64 levels deep'),
    );
  });

  test('a record of 1 MiB is read, a longer one is not', () => {
    const sized = (bytes: number) => `{"a":1,"b":"${'x'.repeat(bytes - 14)}"}`;
    const input = `${sized(1 << 20)}${sized((1 << 20) + 1)}{"a":2}\n${sized(3 << 20)}\n{"a":3}`;
    for (const cuts of [[], Array.from({ length: 100 }, (_, i) => i * 65_536)]) {
      const { rows, rejected } = decodeAll({ columns: a }, input, cuts);
      expect(rows.map((row) => row.a)).toEqual([1, 2, 3]);
      expect(rejected.map(({ message, record }) => [message, record.length])).toEqual([
        ['the record is longer than 1048576 bytes; record at byte 1048576', rejectedBytesMax],
        ['the record is longer than 1048576 bytes; record at byte 2097161', rejectedBytesMax],
      ]);
      expect(rejected[0].record).toBe(sized(3 << 20).slice(0, rejectedBytesMax));
    }
  });

  // Looked at once for each place where a record could begin, these would take hours.
  test('a large record is given up in one go', { timeout: 120_000 }, () => {
    const input = `${'{"a":['.repeat(500_000)}\n{"a":1}\n${'{"'.repeat(500_000)}\n{"a":2}\n${'{"a":[{},'.repeat(100_000)}\n{"a":3}`;
    expect(decodeA(input).a).toEqual([1, 2, 3]);
  });

  test('rows of large records are handed over before they are many', () => {
    const decoder = createJsonDecoder({ columns: [text('b', '$.b')] });
    decoder.begin();
    const record = Buffer.from(`{"b":"${'x'.repeat(1_000_000)}"}`);
    let pushed = 0;
    for (; !decoder.decode(0, 8192); pushed++) decoder.push(record);
    expect(pushed).toBe(34);
    expect(decoder.take().batch?.length).toBe(34);
  });

  test('rejected records are handed over before they are many', () => {
    const decoder = createJsonDecoder({ columns: a });
    decoder.begin();
    decoder.push(Buffer.from('x\n'.repeat(25)));
    expect(decoder.decode(0, 10)).toBe(true);
    expect(decoder.take().rejected).toHaveLength(10);
    expect(decoder.decode(0, 10)).toBe(true);
    expect(decoder.take().rejected).toHaveLength(10);
    expect(decoder.decode(0, 10)).toBe(false);
    expect(decoder.take().rejected).toHaveLength(5);
  });
});

describe('the position', () => {
  test('is where the last record ends, and decoding resumes there', () => {
    const input = '{"a":1}\n{"a":2}bad\n{"a":3} {"a":4}';
    const decoder = createJsonDecoder({ columns: a });
    decoder.begin();
    decoder.push(Buffer.from(input));
    decoder.end();
    const offsets: number[] = [];
    for (let more = true; more; ) {
      more = decoder.decode(0, 1);
      decoder.take();
      offsets.push(decoder.offset);
    }
    expect(offsets).toEqual([7, 15, 19, 26, 34, 34]);

    const resumed = createJsonDecoder({ columns: a });
    resumed.begin(15, 'file.json');
    resumed.push(Buffer.from(input.slice(15)));
    resumed.end();
    expect(resumed.decode(0, 10)).toBe(false);
    const { batch, rejected } = resumed.take();
    expect(batch?.length).toBe(2);
    expect(rejected[0].message).toContain('record at byte 15 of file.json');
    expect(resumed.offset).toBe(34);
  });

  test('an input begins with rows of the one before waiting', () => {
    const decoder = createJsonDecoder({ columns: a });
    for (const arrival of [1, 2]) {
      decoder.begin();
      decoder.push(Buffer.from('{"a":1}{"a":'));
      decoder.end();
      expect(decoder.decode(arrival, 10)).toBe(false);
    }
    const { batch, rejected } = decoder.take();
    expect(batch?.rowtime).toEqual(Float64Array.of(1, 2));
    expect(rejected.map(({ time }) => time)).toEqual([1, 2]);
  });
});
