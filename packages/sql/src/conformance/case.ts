/** An executable case: a program, its input, and what must come out. One JSON file each. */
export interface ConformanceCase {
  readonly name: string;
  readonly tags: readonly string[];
  readonly sql: string;
  readonly input_schema?: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  /** InputSchema of the service's API, by stream; entries of `input` then carry records. */
  readonly input_config?: Readonly<Record<string, unknown>>;
  readonly reference_tables?: Readonly<
    Record<
      string,
      {
        readonly schema: readonly { readonly name: string; readonly type: string }[];
        readonly rows: readonly JsonRow[];
      }
    >
  >;
  readonly input?: readonly InputEntry[];
  readonly input_table?: InputTable;
  readonly advance_to?: string;
  readonly expected?: Readonly<Record<string, ExpectedRows>>;
  readonly expected_error_stream?: { readonly count: number; readonly pump?: string };
  readonly expected_error?: { readonly phase: 'validate' | 'start' };
  readonly properties?: readonly Property[];
}

export type JsonValue = number | string | boolean | null;
export type JsonRow = Readonly<Record<string, JsonValue>>;

/** A row, a raw record, or a rowtime bound on one stream. */
export interface InputEntry {
  readonly stream: string;
  readonly rowtime: string;
  readonly row?: JsonRow;
  /** Values of the metadata columns. */
  readonly meta?: JsonRow;
  readonly record?: string;
  readonly bound?: true;
}

/** Row i has ROWTIME `rowtime_start + i * step_ms`. */
export interface InputTable {
  readonly stream: string;
  readonly columns: readonly string[];
  readonly rowtime_start: string;
  readonly step_ms: number;
  readonly rows: readonly (readonly JsonValue[])[];
}

export interface ExpectedRows {
  readonly ordered: boolean;
  readonly rows: readonly JsonRow[];
  /** Largest absolute difference of two equal numbers. Default 0. */
  readonly tolerance?: number;
  /** Rows that may be there or not. */
  readonly optional_rows?: readonly JsonRow[];
}

/** A check on rows whose values are random. */
export interface Property {
  readonly check: string;
  readonly stream: string;
  readonly description?: string;
  readonly column?: string;
  readonly columns?: readonly string[];
  readonly count?: number;
  readonly min?: number;
  readonly max?: number;
  readonly value?: JsonValue;
  readonly than?: number;
  readonly skip?: number;
  readonly k?: number;
  readonly score?: string;
  readonly outlier?: RowSelector;
  readonly by?: string;
  readonly direction?: 'asc' | 'desc' | 'HIGH' | 'LOW';
  /** Names of the numeric columns in an explanation, and of the fields of each. */
  readonly keys?: readonly string[];
  readonly key?: string;
  readonly fields?: readonly string[];
  readonly direction_values?: readonly string[];
  readonly tolerance?: number;
  readonly greater?: string;
  readonly less?: string;
  readonly where?: RowSelector;
  readonly min_share?: number;
  readonly dims?: number;
  readonly box?: { readonly min: readonly number[]; readonly max: readonly number[] };
  readonly margin?: number;
}

export interface RowSelector {
  readonly column: string;
  readonly equals?: JsonValue;
  readonly not_equals?: JsonValue;
}

/** A case from its text. In rows, numbers of more than 15 digits become texts, since JSON.parse would lose some. */
export function parseCase(text: string): ConformanceCase {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => {
    const isLong = !token.startsWith('"') && !/e/i.test(token) && token.replace(/[-.]/g, '').length > 15;
    return isLong ? `"${token}"` : token;
  });
  const exact = JSON.parse(marked) as ConformanceCase;
  const { input, input_table, reference_tables, expected } = exact;
  const rows = { input, input_table, reference_tables, expected };
  const known = Object.fromEntries(Object.entries(rows).filter(([, value]) => value !== undefined));
  return { ...(JSON.parse(text) as ConformanceCase), ...known };
}
