import type { SqlType } from '@rowtime/core';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvDecoderOptions, type CsvFormat, createCsvDecoder } from '../../src/decode/csv.ts';
import { createJsonDecoder } from '../../src/decode/json.ts';
import { collect, type DecodedAll, decodeWith } from './decode-all.ts';

// features: F189

const text: SqlType = { kind: 'varchar', length: null };

function texts(count: number): CsvDecoderOptions['columns'] {
  return Array.from({ length: count }, (_, c) => ({ name: `c${c}`, type: text }));
}

/** The rows of some text columns, as lists. */
function rowsOf(input: string | Uint8Array, count: number, format: CsvFormat = {}): unknown[][] {
  const { rows, rejected } = decodeWith(createCsvDecoder({ columns: texts(count), ...format }), input);
  expect(rejected).toEqual([]);
  return rows.map((row) => Object.values(row));
}

describe('rows and values', () => {
  test.each<[string, string, CsvFormat, unknown[][]]>([
    ['the example of the guide', 'Doe,John,67321', {}, [['Doe', 'John', '67321']]],
    [
      'several rows in a record',
      'a,b,c\nd,e,f\n',
      {},
      [
        ['a', 'b', 'c'],
        ['d', 'e', 'f'],
      ],
    ],
    [
      'too few values: the rest is NULL',
      'a\nb,c',
      {},
      [
        ['a', null, null],
        ['b', 'c', null],
      ],
    ],
    [
      'more values than columns are passed over',
      'a,b,c,"d\n",e\nf,g,h',
      {},
      [
        ['a', 'b', 'c'],
        ['f', 'g', 'h'],
      ],
    ],
    ['an empty value is NULL, an empty text in quotes is one', ',"",x', {}, [[null, '', 'x']]],
    ['a delimiter at the end of the row', 'a,b,\n', {}, [['a', 'b', null]]],
    [
      'empty rows are none',
      '\n\na,b,c\n\r\n\nd,e,f\n\n',
      {},
      [
        ['a', 'b', 'c'],
        ['d', 'e', 'f'],
      ],
    ],
    [
      'line ends with carriage returns',
      'a,b,c\r\nd,"e"\r\nf,g,h\r',
      {},
      [
        ['a', 'b', 'c'],
        ['d', 'e', null],
        ['f', 'g', 'h'],
      ],
    ],
    ['quotes', '"a,b","c ""d""","e\nf"', {}, [['a,b', 'c "d"', 'e\nf']]],
    [
      'blanks around quotes, as in the reference of the API',
      '"name1", "address1" ,\t" x "\n',
      {},
      [['name1', 'address1', ' x ']],
    ],
    ['blanks around a value, as in the guide', ' AMZN ,\tAmazon Inc ,  ', {}, [['AMZN', 'Amazon Inc', null]]],
    ['a quote inside a value is a quote', '5" pipe,it"s,a""b', {}, [['5" pipe', 'it"s', 'a""b']]],
    [
      'a header is a row',
      'last,first,id\nDoe,John,1',
      {},
      [
        ['last', 'first', 'id'],
        ['Doe', 'John', '1'],
      ],
    ],
    ['a byte order mark is skipped', '\ufeffa,b,c', {}, [['a', 'b', 'c']]],
    ['tabs', 'a\t\tc d\n', { columnDelimiter: '\t' }, [['a', null, 'c d']]],
    ['blanks as delimiters', 'a b  c', { columnDelimiter: ' ' }, [['a', 'b', null]]],
    [
      'bars, and rows with \\r\\n',
      'a|b|c\nd\r\ne|f\r\n',
      { columnDelimiter: '|', rowDelimiter: '\r\n' },
      [
        ['a', 'b', 'c\nd'],
        ['e', 'f', null],
      ],
    ],
    [
      'delimiters of several characters',
      'a::b:c::d;;e::"::;;"::f;;',
      { columnDelimiter: '::', rowDelimiter: ';;' },
      [
        ['a', 'b:c', 'd'],
        ['e', '::;;', 'f'],
      ],
    ],
    [
      'one delimiter begins with the other',
      'a|b||c|d',
      { columnDelimiter: '|', rowDelimiter: '||' },
      [
        ['a', 'b', null],
        ['c', 'd', null],
      ],
    ],
    [
      'the other way round',
      'a||b|c||d',
      { columnDelimiter: '||', rowDelimiter: '|' },
      [
        ['a', 'b', null],
        ['c', 'd', null],
      ],
    ],
    [
      'delimiters beyond ASCII',
      'a¦b§c¦d',
      { columnDelimiter: '¦', rowDelimiter: '§' },
      [
        ['a', 'b', null],
        ['c', 'd', null],
      ],
    ],
    ['a quote as delimiter: then nothing is quoted', 'a"b"c', { columnDelimiter: '"' }, [['a', 'b', 'c']]],
    ['half a delimiter at the end is text', 'a::b:', { columnDelimiter: '::' }, [['a', 'b:', null]]],
    ['nothing', '', {}, []],
  ])('%s', (_, input, format, rows) => {
    expect(rowsOf(input, 3, format)).toEqual(rows);
  });

  test.each<[CsvFormat, string]>([
    [{ columnDelimiter: '\n' }, 'the same delimiter, "\\n"'],
    [{ columnDelimiter: '' }, 'the column delimiter must have 1 to 1024 bytes, not 0'],
    [{ rowDelimiter: 'x'.repeat(1025) }, 'the row delimiter must have 1 to 1024 bytes, not 1025'],
  ])('%o is no format', (format, message) => {
    expect(() => createCsvDecoder({ columns: texts(1), ...format })).toThrow(message);
  });

  test('a column cannot be an INTERVAL', () => {
    const columns = [{ name: 'i', type: { kind: 'null' } as const }];
    expect(() => createCsvDecoder({ columns })).toThrow('column "i" cannot be NULL');
  });
});

describe('types', () => {
  const types: SqlType[] = [
    { kind: 'tinyint' },
    { kind: 'smallint' },
    { kind: 'integer' },
    { kind: 'bigint' },
    { kind: 'decimal', precision: 8, scale: 3 },
    { kind: 'decimal', precision: 19, scale: 5 },
    { kind: 'real' },
    { kind: 'double' },
    { kind: 'boolean' },
    { kind: 'varchar', length: 4 },
    { kind: 'char', length: 4 },
    { kind: 'date' },
    { kind: 'time' },
    { kind: 'timestamp' },
    { kind: 'varbinary', length: 4 },
  ];
  const shown = fc.oneof(
    fc.stringMatching(/^[-+]?(0*[0-9]{1,20})?(\.[0-9]{0,20})?([eE][-+]?[0-9]{1,3})?$/),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.double({ min: 1.5e9, max: 1.8e9, noNaN: true }).map(String),
    fc.integer({ min: -40_000, max: 40_000 }).map(String),
    fc.integer({ min: -3_000_000_000, max: 3_000_000_000 }).map(String),
    fc.stringMatching(/^[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,9})?Z?$/),
    fc.constantFrom('true', 'TRUE', 'no', '1992-02-14', '18:35:44.25', "X'0aff'", '0aff', 'Infinity', 'NaN', '0x10'),
    fc.string({ maxLength: 8 }),
  );

  // The table of the guide is for JSON: a value in a CSV row is what a JSON string of the same text is.
  test('a value is what a JSON string of the same text is, in every type', () => {
    const decodable = shown.filter((value) => value.trim() === value && value !== '' && !/[,"\\\r\n]/.test(value));
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.array(decodable, { minLength: 1 }), (type, values) => {
        const json = createJsonDecoder({ columns: [{ name: 'v', type, mapping: '$.v' }], engine: 'none' });
        const lines = values.map((value) => `${JSON.stringify({ v: value })}\n`).join('');
        const expected = decodeWith(json, lines);
        for (const end of ['\n', '\r\n', ',x\n']) {
          const csv = createCsvDecoder({ columns: [{ name: 'v', type }] });
          const found = decodeWith(csv, values.map((value) => value + end).join(''));
          expect(found.rows).toEqual(expected.rows);
          const reasons = ({ rejected }: DecodedAll) =>
            rejected.map(({ name, message }) => [name, message.replace(/; record.*/, '')]);
          expect(reasons(found)).toEqual(reasons(expected));
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('ids of 18 digits and long decimals keep every digit, wherever they stand', () => {
    const columns = [
      { name: 'id', type: { kind: 'bigint' } as const },
      { name: 'price', type: { kind: 'decimal', precision: 19, scale: 4 } as const },
    ];
    const lines = [
      '123456789012345678,123456789012345.6789',
      '"123456789012345679", "123456789012345.6790"',
      '9007199254740991,1.5',
      '9223372036854775807,-922337203685477.5808',
      '9223372036854775808,1',
      '-9223372036854775808,922337203685477.5808',
      '-9223372036854775808,',
    ];
    const { rows, rejected } = decodeWith(createCsvDecoder({ columns }), lines.join('\n'), [5, 30, 31], 2);
    expect(rows).toEqual([
      { id: '123456789012345678', price: '123456789012345.6789' },
      { id: '123456789012345679', price: '123456789012345.679' },
      { id: 9007199254740991, price: 1.5 },
      { id: '9223372036854775807', price: '-922337203685477.5808' },
      { id: '-9223372036854775808', price: null },
    ]);
    expect(rejected.map(({ message }) => message)).toEqual([
      expect.stringContaining('column "id": "9223372036854775808" is out of range'),
      expect.stringContaining('column "price": "922337203685477.5808" is out of range'),
    ]);
  });

  test.each(types)('an empty or blank value of type $kind is NULL', (type) => {
    const columns = [
      { name: 'v', type },
      { name: 'w', type },
    ];
    const { rows } = decodeWith(createCsvDecoder({ columns }), ',\n  ,\t\n');
    expect(rows).toEqual([
      { v: null, w: null },
      { v: null, w: null },
    ]);
  });

  test('in quotes an empty number is NULL too, and numbers are numbers', () => {
    const columns = types.slice(2, 4).map((type, c) => ({ name: `c${c}`, type }));
    expect(decodeWith(createCsvDecoder({ columns }), '"","12"\n" 7 ",""').rows).toEqual([
      { c0: null, c1: 12 },
      { c0: 7, c1: null },
    ]);
  });

  test('texts that no one reads are NULL, and their rows are there', () => {
    const columns = texts(2);
    const { rows } = decodeWith(createCsvDecoder({ columns, used: [false, true] }), 'a,b\n"c",d');
    expect(rows).toEqual([
      { c0: null, c1: 'b' },
      { c0: null, c1: 'd' },
    ]);
  });
});

describe('rejected rows', () => {
  const columns: CsvDecoderOptions['columns'] = [
    { name: 'ID', type: { kind: 'integer' } },
    { name: 'NAME', type: { kind: 'varchar', length: 8 } },
  ];

  test('a value that does not fit says which and where, and costs its row only', () => {
    const decoder = createCsvDecoder({ columns });
    expect(decodeWith(decoder, '1,a\nx,"b\n"\n3,c\n')).toMatchObject({
      rows: [
        { ID: 1, NAME: 'a' },
        { ID: 3, NAME: 'c' },
      ],
      rejected: [
        {
          name: 'CoercionError',
          message: 'column "ID": "x" is not a number: it does not fit INTEGER; record at byte 4',
          record: 'x,"b\n"',
        },
      ],
    });
  });

  test.each<[string, string | Uint8Array, string, string, unknown[]]>([
    ['text behind a closing quote', '1,"a"b\r\n2,b', 'text behind a closing quote at byte 5', '1,"a"b', [2]],
    ['a quote that is not closed', '1,"a\n2,b\n3,c', 'a quote is not closed', '1,"a', [2, 3]],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from('1,'), Buffer.of(0xff), Buffer.from('\n2,b')]),
      'not valid UTF-8',
      '1,\xff',
      [2],
    ],
    [
      'invalid UTF-8 in a column that is not wanted',
      Buffer.concat([Buffer.from('1,a,'), Buffer.of(0xff), Buffer.from('\n2,b')]),
      'not valid UTF-8',
      '1,a,\xff',
      [2],
    ],
  ])('%s', (_, input, message, record, ids) => {
    const { rows, rejected } = decodeWith(createCsvDecoder({ columns }), input);
    expect(rows.map(({ ID }) => ID)).toEqual(ids);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).toMatchObject({ name: 'MalformedRecord', record });
    expect(rejected[0].message).toContain(message);
  });

  test('a row that never ends is given up in bounded memory, and the rows behind it come', () => {
    const decoder = createCsvDecoder({ columns, recordBytesMax: 100_000 });
    const all: DecodedAll = { rows: [], rejected: [], offset: 0 };
    decoder.begin();
    const piece = Buffer.from('x'.repeat(50_000));
    let room = 0;
    for (let i = 0; i < 200; i++) {
      decoder.push(piece);
      while (decoder.decode(0, 10)) collect(decoder, all);
      room = Math.max(room, decoder.room().length);
    }
    decoder.push(Buffer.from('\n2,b\n'));
    decoder.end();
    while (decoder.decode(0, 10)) collect(decoder, all);
    collect(decoder, all);
    expect(all.rows).toEqual([{ ID: 2, NAME: 'b' }]);
    expect(all.rejected).toHaveLength(1);
    expect(all.rejected[0].message).toBe('the record is longer than 100000 bytes; record at byte 0');
    expect(all.rejected[0].record).toBe('x'.repeat(24_576));
    expect(room).toBeLessThan(1 << 20);
  });
});

describe('properties', () => {
  const formats: CsvFormat[] = [
    {},
    { columnDelimiter: '\t' },
    { columnDelimiter: '|', rowDelimiter: '\r\n' },
    { columnDelimiter: '::', rowDelimiter: ';' },
    { columnDelimiter: 'ab', rowDelimiter: 'aab' },
    { columnDelimiter: '0', rowDelimiter: '-' },
  ];
  const piece = fc.constantFrom(
    'a',
    'b',
    'é',
    '😀',
    '"',
    '""',
    ' ',
    ',',
    '\t',
    '|',
    ':',
    '::',
    ';',
    '\n',
    '\r\n',
    '\r',
    '0',
    '17',
    '-2',
    '1.5',
    '1992-02-14 18:35:44',
    '\0',
  );
  const value = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
  const rows = fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { maxLength: 8 });
  const cuts = fc.array(fc.nat(200), { maxLength: 8 });
  const columns: CsvDecoderOptions['columns'] = [
    { name: 's', type: { kind: 'varchar', length: 6 } },
    { name: 'i', type: { kind: 'integer' } },
    { name: 'd', type: { kind: 'double' } },
    { name: 't', type: { kind: 'timestamp' } },
  ];
  const damaged = fc.oneof(
    rows.map((all) => all.map((row) => row.join(',')).join('\n')),
    fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    fc
      .array(fc.tuple(value, fc.integer(), fc.double({ noNaN: true })))
      .map((all) => all.map((row) => `${row.join(',')},2018-06-13T14:11:05.766191\n`).join('')),
  );
  const input = fc
    .tuple(damaged, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }), fc.boolean())
    .map(([shown, changes, isChanged]) => {
      const bytes = Buffer.from(shown);
      if (isChanged) for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    });

  test('rows and rejects depend on the bytes alone, not on how they are cut or taken', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        input,
        cuts,
        fc.integer({ min: 1, max: 4 }),
        (format, bytes, cuts, batchRows) => {
          const options = { columns, ...format, recordBytesMax: 40 };
          const whole = decodeWith(createCsvDecoder(options), bytes);
          expect(decodeWith(createCsvDecoder(options), bytes, cuts, batchRows)).toEqual(whole);
          expect(
            decodeWith(
              createCsvDecoder(options),
              bytes,
              Array.from(bytes, (_, i) => i),
            ),
          ).toEqual(whole);
        },
      ),
      { numRuns: 4000 },
    );
  });

  test('decoding resumes at any position as if it had not stopped', () => {
    fc.assert(
      fc.property(fc.constantFrom(...formats), input, (format, bytes) => {
        const options = { columns, ...format, recordBytesMax: 40 };
        const whole = decodeWith(createCsvDecoder(options), bytes);
        const resumed: DecodedAll = { rows: [], rejected: [], offset: 0 };
        for (let offset = 0, more = true; more; ) {
          const decoder = createCsvDecoder(options);
          decoder.begin(offset);
          decoder.push(bytes.subarray(offset));
          decoder.end();
          more = decoder.decode(0, 1);
          collect(decoder, resumed);
          offset = decoder.offset;
        }
        expect({ ...resumed, offset: whole.offset }).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test('what an encoder writes comes back', () => {
    const cell = fc.option(value, { nil: null });
    fc.assert(
      fc.property(
        fc.constantFrom(...formats),
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }),
        cuts,
        (format, table, cuts) => {
          const { columnDelimiter = ',', rowDelimiter = '\n' } = format;
          const shown = (text: string | null) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`);
          const bytes = table.map((row) => row.map(shown).join(columnDelimiter) + rowDelimiter).join('');
          const { rows, rejected } = decodeWith(createCsvDecoder({ columns: texts(3), ...format }), bytes, cuts);
          expect(rejected).toEqual([]);
          expect(rows.map((row) => Object.values(row))).toEqual(table);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('csv-parse reads the same', () => {
    fc.assert(
      fc.property(fc.constantFrom(...formats.slice(0, 4)), rows, fc.array(fc.boolean()), (format, table, quoted) => {
        const { columnDelimiter = ',', rowDelimiter = '\n' } = format;
        const shown = (text: string, c: number) => {
          const mustQuote = [...`"\r\n${columnDelimiter}${rowDelimiter}`].some((part) => text.includes(part));
          return mustQuote || quoted[c % quoted.length] ? `"${text.replaceAll('"', '""')}"` : text;
        };
        const bytes = table.map((row) => row.map(shown).join(columnDelimiter) + rowDelimiter).join('');
        const expected: string[][] = parse(bytes, {
          delimiter: columnDelimiter,
          record_delimiter: rowDelimiter,
          relax_column_count: true,
          skip_empty_lines: true,
          // Blanks as here: a no-break space is no blank.
          cast: (cell, { quoting }) => (quoting ? cell : cell.replace(/^[ \t]+|[ \t]+$/g, '')),
        });
        const padded = expected.map((row) => Array.from({ length: 4 }, (_, c) => row[c] || null));
        const found = rowsOf(bytes, 4, format).map((row) => row.map((cell) => cell || null));
        expect(found).toEqual(padded);
      }),
      { numRuns: 2000 },
    );
  });
});
