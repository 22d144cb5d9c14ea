import { schemaFrom } from '../../src/application.ts';
import type { Program } from './corpus.ts';
import type { Random } from './random.ts';

// Programs of the grammar that mostly make sense: expressions have the type that their place wants, most of the time.

type Kind = 'number' | 'integer' | 'text' | 'time' | 'condition' | 'interval';
type Columns = Readonly<Record<Exclude<Kind, 'condition' | 'interval'>, readonly string[]>>;

const inputs = {
  SOURCE_SQL_STREAM_001: schemaFrom({
    TICKER: 'VARCHAR(4)',
    PRICE: 'DOUBLE',
    N: 'INTEGER',
    BIG: 'BIGINT',
    D: 'DECIMAL(8, 2)',
    name: 'CHAR(6)',
    TRADED: 'TIMESTAMP',
  }),
};
const tables = {
  COMPANIES: { schema: schemaFrom({ TICKER: 'VARCHAR(4)', COMPANY: 'VARCHAR(20)', N: 'INTEGER' }), rows: [] },
};
const source: Columns = {
  number: ['PRICE', 'N', 'BIG', 'D'],
  integer: ['N', 'BIG'],
  text: ['TICKER', '"name"'],
  time: ['TRADED', 'ROWTIME', 'APPROXIMATE_ARRIVAL_TIME'],
};
const own: Columns = { number: ['X', 'Y'], integer: ['Y'], text: ['K'], time: ['T', 'ROWTIME'] };

/** Streams a, b, c, each with the columns k, x, y, t, and pumps between them. */
export function generate(random: Random): Program {
  const streams = ['A', 'B', 'C'];
  const created = streams.map(
    (name) =>
      `CREATE ${random.of(['', 'OR REPLACE '])}STREAM ${name} (k VARCHAR(${random.of([1, 4, 20])}), x ${random.of(types)}, y ${random.of(['INTEGER', 'BIGINT', 'SMALLINT'])}, t TIMESTAMP);`,
  );
  const pumps = streams.flatMap((into, i) =>
    random.times(0, 2, () => {
      const from = i === 0 || random.chance(0.6) ? 'SOURCE_SQL_STREAM_001' : (streams[random.below(i)] as string);
      const select = new Select(random, from, from.startsWith('S') ? source : own);
      const all = random.chance(0.1) ? `${select.plain()} UNION ALL ${select.plain()}` : select.print();
      return `CREATE OR REPLACE PUMP p${into}${random.below(99)} AS INSERT INTO ${into} ${all};`;
    }),
  );
  return { sql: [...created, ...pumps].join('\n'), inputs, tables };
}

const types = ['DOUBLE', 'REAL', 'DECIMAL(10, 2)', 'INTEGER', 'BIGINT', 'TINYINT', 'FLOAT'];
const units = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];
const aggregates = ['SUM', 'AVG', 'MIN', 'MAX', 'COUNT', 'STDDEV_SAMP', 'VAR_POP', 'FIRST_VALUE', 'LAST_VALUE'];

class Select {
  readonly #random: Random;
  readonly #from: string;
  readonly #columns: Columns;
  #depth = 0;

  constructor(random: Random, from: string, columns: Columns) {
    this.#random = random;
    this.#from = from;
    this.#columns = columns;
  }

  print(): string {
    switch (this.#random.below(9)) {
      case 0:
      case 1:
        return this.#grouped();
      case 2:
        return this.#sliding();
      case 3:
        return this.#joined();
      case 4:
        return this.#tableFunction();
      default:
        return this.plain(true);
    }
  }

  plain(mayOrder = false): string {
    const r = this.#random;
    const distinct = r.chance(0.1);
    const items = [this.#expr('text'), this.#expr('number'), this.#expr('integer'), this.#expr('time')];
    if (distinct) items[3] = `FLOOR(${this.#from}.ROWTIME TO ${r.of(units)})`;
    const order = mayOrder && r.chance(0.2) ? ` ORDER BY ${this.#window()}${r.of(['', ', 2', ', 1 DESC'])}` : '';
    const from = r.chance(0.2) ? `(SELECT STREAM * FROM ${this.#from}) AS ${this.#from}` : this.#from;
    return `SELECT STREAM ${distinct ? 'DISTINCT ' : ''}${items.join(', ')} FROM ${from}${this.#where()}${order}`;
  }

  #grouped(): string {
    const r = this.#random;
    const keys = r.times(0, 2, () => r.of([...this.#columns.text, this.#expr('text')]));
    const window = this.#window();
    const call = (): string => {
      const name = r.of(aggregates);
      const arg = name === 'COUNT' && r.chance(0.5) ? '*' : this.#expr(r.of(['number', 'integer']));
      return `${name}(${arg})${r.chance(0.2) ? ` + ${r.below(9)}` : ''}`;
    };
    const items = [keys[0] ?? "'a'", call(), `CAST(${call()} AS INTEGER)`, r.of([window, 'NULL', 'ROWTIME'])];
    const having = r.chance(0.3) ? ` HAVING ${call()} > ${r.below(9)}` : '';
    const stagger = r.chance(0.2);
    const groupBy = stagger
      ? `WINDOWED BY STAGGER (PARTITION BY ${[this.#columns.time[0], ...keys].join(', ')} RANGE ${this.#interval()})`
      : `GROUP BY ${[...keys, window].join(', ')}`;
    if (stagger) items[3] = 'NULL';
    return `SELECT STREAM ${items.join(', ')} FROM ${this.#from}${this.#where()} ${groupBy}${having}`;
  }

  #sliding(): string {
    const r = this.#random;
    const frame = r.chance(0.5) ? `RANGE ${this.#interval()} PRECEDING` : `ROWS ${r.of(['0', '3', '10'])} PRECEDING`;
    const spec = `(${r.chance(0.5) ? `PARTITION BY ${this.#expr('text')} ` : ''}${frame})`;
    const named = r.chance(0.5);
    const over = named ? 'w' : spec;
    const name = r.of([...aggregates, 'LAG', 'ANY', 'NTH_VALUE', 'EXP_AVG']);
    const args =
      name === 'NTH_VALUE' ? `${this.#expr('number')}, 2` : this.#expr(name === 'ANY' ? 'condition' : 'number');
    const call = `${name}(${args}) ${r.of(['', '', 'IGNORE NULLS '])}OVER ${over}`;
    const items = [this.#expr('text'), call, `COUNT(*) OVER ${over}`, 'ROWTIME'];
    return `SELECT STREAM ${items.join(', ')} FROM ${this.#from}${this.#where()}${named ? ` WINDOW w AS ${spec}` : ''}`;
  }

  #joined(): string {
    const r = this.#random;
    const kind = r.of(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL OUTER JOIN', 'LEFT OUTER JOIN']);
    const window = (): string => r.of(['', ` OVER (RANGE ${this.#interval()} PRECEDING)`, ' OVER (ROWS 3 PRECEDING)']);
    if (r.chance(0.3)) {
      return `SELECT STREAM b.COMPANY, a.${this.#columns.number[0]}, b.N, NULL FROM ${this.#from} AS a ${kind} COMPANIES AS b ON a.${this.#columns.text[0]} = b.TICKER`;
    }
    const [key] = this.#columns.text;
    const items = [`a.${key}`, `b.${this.#columns.number[0]}`, `a.${this.#columns.integer[0]}`, 'b.ROWTIME'];
    const extra = r.chance(0.3) ? ` AND a.${this.#columns.number[0]} > b.${this.#columns.number[0]}` : '';
    return `SELECT STREAM ${items.join(', ')} FROM ${this.#from}${window()} AS a ${kind} ${this.#from}${window()} AS b ON a.${key} = b.${key}${extra}`;
  }

  #tableFunction(): string {
    const r = this.#random;
    const [key] = this.#columns.text;
    const [n] = this.#columns.number;
    const cursor = `CURSOR(SELECT STREAM ${key} AS k, ${n} AS x FROM ${this.#from}${this.#where()})`;
    const call = r.of([
      `RANDOM_CUT_FOREST(${cursor}, ${r.of([1, 10, 100])}, ${r.of([10, 16, 256])})`,
      `TOP_K_ITEMS_TUMBLING(${cursor}, 'K', ${1 + r.below(4)}, ${r.of([1, 60])})`,
      `COUNT_DISTINCT_ITEMS_TUMBLING(${cursor}, 'K', 60)`,
      `GROUP_RANK(${cursor}, 'X', 'R', 'asc', 'desc', 5, 0)`,
      `HOTSPOTS(${cursor}, 100, 0.5, 3)`,
    ]);
    return `SELECT STREAM NULL, NULL, NULL, ROWTIME FROM TABLE(${call}) AS t`;
  }

  #where(): string {
    return this.#random.chance(0.4) ? ` WHERE ${this.#expr('condition')}` : '';
  }

  #window(): string {
    const r = this.#random;
    const rowtime = `${this.#from}.ROWTIME`;
    return r.chance(0.5) ? `STEP(${rowtime} BY ${this.#interval()})` : `FLOOR(${rowtime} TO ${r.of(units)})`;
  }

  #interval(): string {
    const r = this.#random;
    return `INTERVAL '${r.of(['1', '10', '0', '1'])}' ${r.of(['SECOND', 'MINUTE', 'HOUR', 'DAY', 'MINUTE'])}`;
  }

  #expr(kind: Kind): string {
    const r = this.#random;
    if (r.chance(0.005)) return this.#expr(r.of(['number', 'text', 'time', 'condition', 'interval']));
    this.#depth++;
    const isLeaf = this.#depth > 4 || r.chance(0.4);
    const out = isLeaf
      ? this.#leaf(kind)
      : r.of(forms[kind]).replace(/\$([nitscv])/g, (_, of: string) => this.#expr(kinds[of] as Kind));
    this.#depth--;
    return out;
  }

  #leaf(kind: Kind): string {
    const r = this.#random;
    if (kind === 'condition')
      return r.of(['TRUE', 'UNKNOWN', `${this.#leaf('number')} > 1`, `${this.#leaf('text')} IS NULL`]);
    if (kind === 'interval') return this.#interval();
    return r.chance(0.65) ? r.of(this.#columns[kind]) : r.of(literals[kind]);
  }
}

const kinds: Readonly<Record<string, Kind>> = {
  n: 'number',
  i: 'integer',
  t: 'text',
  s: 'time',
  c: 'condition',
  v: 'interval',
};

const literals = {
  number: ['0', '1.5', '1e3', '-2', '100000', '2147483648', '0.001', 'NULL'],
  integer: ['0', '1', '-1', '7', '32768', '9007199254740991'],
  text: ["'a'", "''", "'AMZN'", "'it''s'", "'漢字'", "'%'", "'12'", 'NULL'],
  time: [
    "TIMESTAMP '2024-01-01 00:00:00'",
    "TIMESTAMP '1969-12-31 23:59:59.999'",
    'CURRENT_ROW_TIMESTAMP',
    'CURRENT_TIMESTAMP',
  ],
};

/** $n number, $i integer, $t text, $s time, $c condition, $v interval. */
const forms: Readonly<Record<Kind, readonly string[]>> = {
  number: [
    '$n + $n',
    '$n - $n',
    '$n * $n',
    '$n / $n',
    '($n)',
    '-$n',
    'ABS($n)',
    'SQRT($n)',
    'LN($n)',
    'LOG10($n)',
    'EXP($n)',
    'POWER($n, $n)',
    'CAST($n AS DOUBLE)',
    'CAST($n AS DECIMAL(8, 2))',
    'CASE WHEN $c THEN $n ELSE $n END',
    'COALESCE($n, $n)',
    'NULLIF($n, $n)',
    'CEIL($n)',
    'FLOOR($n)',
    '$i',
    'EXTRACT(SECOND FROM $s)',
    'CASE $t WHEN $t THEN $n END',
    'CAST($t AS DOUBLE)',
  ],
  integer: [
    '$i + $i',
    '$i * $i',
    '$i / $i',
    'MOD($i, $i)',
    'CAST($n AS INTEGER)',
    'CAST($t AS INTEGER)',
    'CHAR_LENGTH($t)',
    'POSITION($t IN $t)',
    'EXTRACT(DAY FROM $s)',
    'STEP($i BY 5)',
    'TSDIFF($s, $s)',
    'UNIX_TIMESTAMP($s)',
    'CAST($n AS BIGINT)',
    'CASE WHEN $c THEN $i END',
  ],
  text: [
    '$t || $t',
    'UPPER($t)',
    'LOWER($t)',
    'INITCAP($t)',
    'SUBSTRING($t FROM $i FOR $i)',
    'SUBSTRING($t, $i)',
    'TRIM(BOTH $t FROM $t)',
    'TRIM($t)',
    'OVERLAY($t PLACING $t FROM $i)',
    'CAST($n AS VARCHAR(10))',
    'CAST($s AS VARCHAR(30))',
    'CASE WHEN $c THEN $t ELSE $t END',
    'COALESCE($t, $t)',
    "TIMESTAMP_TO_CHAR('yyyy-MM-dd HH:mm', $s)",
    "REGEX_REPLACE($t, '[a-c]+', $t, 1, 0)",
    "SUBSTRING($t FROM 'a.*')",
    'CAST($c AS VARCHAR(5))',
  ],
  time: [
    '$s + $v',
    '$s - $v',
    'FLOOR($s TO MINUTE)',
    'CEIL($s TO HOUR)',

    'TO_TIMESTAMP($i)',
    'COALESCE($s, $s)',
    "CHAR_TO_TIMESTAMP('yyyy-MM-dd', $t)",
    'CAST($t AS TIMESTAMP)',
    'CASE WHEN $c THEN $s ELSE $s END',
  ],
  condition: [
    '$c AND $c',
    '$c OR $c',
    'NOT $c',
    '($c)',
    '$n = $n',
    '$n <> $n',
    '$t < $t',
    '$s >= $s',
    '$n BETWEEN $n AND $n',
    '$t NOT BETWEEN $t AND $t',
    '$t IN ($t, $t)',
    '$n NOT IN ($n, $n, $n)',
    '$t LIKE $t',
    "$t LIKE 'a%' ESCAPE '\\'",
    "$t NOT SIMILAR TO '(a|b)*'",
    '$n IS NULL',
    '$t IS NOT NULL',
    '$c IS NOT TRUE',
    '$c IS UNKNOWN',
    '$n IS DISTINCT FROM $n',
    '$t IS NOT DISTINCT FROM $t',
    '($s, $s) OVERLAPS ($s, $s)',
    '($s - $s) SECOND > $v',
    '$v = $v',
  ],
  interval: [
    '($s - $s) SECOND',
    '($s - $s) DAY TO SECOND',
    '$v + $v',
    '-$v',
    'ABS($v)',
    '$v * $i',
    'CASE WHEN $c THEN $v ELSE $v END',
  ],
};
