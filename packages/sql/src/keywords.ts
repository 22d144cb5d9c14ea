import type { BinaryOp, DatetimeUnit, TemporalOp, TypeKeyword } from './ast.ts';

/**
 * Words that are names only in double quotes. AWS SQL reference, "Reserved Words and Keywords", less the five
 * metadata columns and ROWTIME, which every program writes without quotes.
 */
const reservedWords: ReadonlySet<string> = words(`
  ABS ALL ALLOCATE ALLOW ALTER ANALYZE AND ANY ARE ARRAY AS ASENSITIVE ASYMMETRIC AT ATOMIC AUTHORIZATION AVG
  BEGIN BETWEEN BIGINT BINARY BIT BLOB BOOLEAN BOTH BY
  CALL CALLED CARDINALITY CASCADED CASE CAST CEIL CEILING CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK CHECKPOINT
  CLOB CLOSE CLUSTERED COALESCE COLLATE COLLECT COLUMN COMMIT CONDITION CONNECT CONSTRAINT CONVERT CORR CORRESPONDING
  COUNT COVAR_POP COVAR_SAMP CREATE CROSS CUBE CUME_DIST CURRENT CURRENT_CATALOG CURRENT_DATE
  CURRENT_DEFAULT_TRANSFORM_GROUP CURRENT_PATH CURRENT_ROLE CURRENT_ROW_TIMESTAMP CURRENT_SCHEMA CURRENT_TIME
  CURRENT_TIMESTAMP CURRENT_TRANSFORM_GROUP_FOR_TYPE CURRENT_USER CURSOR CYCLE
  DATE DAY DEALLOCATE DEC DECIMAL DECLARE DEFAULT DELETE DENSE_RANK DEREF DESCRIBE DETERMINISTIC DISALLOW DISCONNECT
  DISTINCT DOUBLE DROP DYNAMIC
  EACH ELEMENT ELSE END ESCAPE EVERY EXCEPT EXEC EXECUTE EXISTS EXP EXPLAIN EXP_AVG EXTERNAL EXTRACT
  FALSE FETCH FILTER FIRST_VALUE FLOAT FLOOR FOR FOREIGN FREE FROM FULL FUNCTION FUSION
  GET GLOBAL GRANT GROUP GROUPING
  HAVING HOLD HOUR
  IDENTITY IGNORE IMPORT IN INDICATOR INITCAP INNER INOUT INSENSITIVE INSERT INT INTEGER INTERSECT INTERSECTION INTERVAL
  INTO IS
  JOIN
  LANGUAGE LARGE LAST_VALUE LATERAL LEADING LEFT LIKE LIMIT LN LOCAL LOCALTIME LOCALTIMESTAMP LOWER
  MATCH MAX MEMBER MERGE METHOD MIN MINUTE MOD MODIFIES MODULE MONTH MULTISET
  NATIONAL NATURAL NCHAR NCLOB NEW NO NODE NONE NORMALIZE NOT NTH_VALUE NULL NULLIF NUMERIC
  OCTET_LENGTH OF OLD ON ONLY OPEN OR ORDER OUT OUTER OVER OVERLAPS OVERLAY
  PARAMETER PARTITION PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK POSITION POWER PRECISION PREPARE PRIMARY PROCEDURE
  RANGE RANK READS REAL RECURSIVE REF REFERENCES REFERENCING REGR_AVGX REGR_AVGY REGR_COUNT REGR_INTERCEPT REGR_R2
  REGR_SLOPE REGR_SXX REGR_SXY REGR_SYY RELEASE RESPECT RESULT RETURN RETURNS REVOKE RIGHT ROLLBACK ROLLUP ROW ROWS
  ROW_NUMBER
  SAVEPOINT SCOPE SCROLL SEARCH SECOND SELECT SENSITIVE SESSION_USER SET SIMILAR SMALLINT SOME SORT SPECIFIC
  SPECIFICTYPE SQL SQLEXCEPTION SQLSTATE SQLWARNING SQRT START STATIC STDDEV STDDEV_POP STDDEV_SAMP STOP STREAM
  SUBMULTISET SUBSTRING SUM SYMMETRIC SYSTEM SYSTEM_USER
  TABLE TABLESAMPLE THEN TIME TIMESTAMP TIMEZONE_HOUR TIMEZONE_MINUTE TINYINT TO TRAILING TRANSLATE TRANSLATION TREAT
  TRIGGER TRIM TRUE TRUNCATE
  UESCAPE UNION UNIQUE UNKNOWN UNNEST UPDATE UPPER USER USING
  VALUE VALUES VARBINARY VARCHAR VARYING VAR_POP VAR_SAMP
  WHEN WHENEVER WHERE WIDTH_BUCKET WINDOW WITH WITHIN WITHOUT
  YEAR
`);

/** Reserved words that are functions: a name when an opening parenthesis follows. */
export const reservedFunctions: ReadonlySet<string> = words(`
  ABS ANY AVG CARDINALITY CEIL CEILING CHARACTER_LENGTH CHAR_LENGTH COALESCE COLLECT CORR COUNT COVAR_POP COVAR_SAMP
  CUME_DIST CURRENT_DATE CURRENT_ROW_TIMESTAMP CURRENT_TIME CURRENT_TIMESTAMP DENSE_RANK ELEMENT EVERY EXP EXP_AVG
  EXTRACT FIRST_VALUE FLOOR FUSION GROUPING INITCAP LAST_VALUE LN LOCALTIME LOCALTIMESTAMP LOWER MAX MIN MOD NORMALIZE
  NTH_VALUE NULLIF OCTET_LENGTH OVERLAY PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK POSITION POWER RANK REGR_AVGX
  REGR_AVGY REGR_COUNT REGR_INTERCEPT REGR_R2 REGR_SLOPE REGR_SXX REGR_SXY REGR_SYY ROW_NUMBER SOME SQRT STDDEV
  STDDEV_POP STDDEV_SAMP SUBSTRING SUM TRANSLATE TRIM TRUNCATE UPPER VAR_POP VAR_SAMP WIDTH_BUCKET
`);

/** Functions that are called without parentheses. */
export const niladicFunctions: ReadonlySet<string> = words(`
  CURRENT_DATE CURRENT_ROW_TIMESTAMP CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP
`);

/** Reserved words that hold a statement together: where a name is missing, one of these was not meant as the name. */
export const structuralWords: ReadonlySet<string> = words(`
  ALTER AND AS BETWEEN BY CASE CREATE CROSS DROP ELSE END EXCEPT FROM FULL GROUP HAVING IN INNER INSERT INTERSECT INTO IS
  JOIN LEFT LIKE LIMIT NATURAL NOT NULL ON OR ORDER OUTER OVER PARTITION RIGHT SELECT SET SIMILAR THEN TO UNION USING
  VALUES WHEN WHERE WINDOW WITH WITHIN
`);

/** Does this word, upper-cased, need quotes to be a name? */
export function isReserved(word: string): boolean {
  return reservedWords.has(word);
}

/** How tightly an expression holds together. An operand that holds less tightly than its place needs parentheses. */
export const precedence = {
  lowest: 0,
  or: 1,
  and: 2,
  not: 3,
  is: 4,
  /** = and the like, IS DISTINCT FROM excepted; BETWEEN, IN, LIKE, SIMILAR TO, the temporal predicates. */
  comparison: 5,
  concat: 6,
  sum: 7,
  product: 8,
  sign: 9,
  primary: 10,
} as const;

/** All of them associate to the left. */
export const binaryPrecedence: Readonly<Record<BinaryOp, number>> = {
  OR: precedence.or,
  AND: precedence.and,
  '=': precedence.comparison,
  '<>': precedence.comparison,
  '<': precedence.comparison,
  '<=': precedence.comparison,
  '>': precedence.comparison,
  '>=': precedence.comparison,
  '||': precedence.concat,
  '+': precedence.sum,
  '-': precedence.sum,
  '*': precedence.product,
  '/': precedence.product,
};

/** OVERLAPS alone is reserved; the others are operators only where an operand follows. */
export const temporalOps: readonly TemporalOp[] = [
  'OVERLAPS',
  'CONTAINS',
  'EQUALS',
  'PRECEDES',
  'SUCCEEDS',
  'LEADS',
  'LAGS',
];

/** Each way to write a type, and the type. Those of two words (DOUBLE PRECISION) are the parser's. */
export const typeWords: ReadonlyMap<string, TypeKeyword> = new Map([
  ['TINYINT', 'TINYINT'],
  ['SMALLINT', 'SMALLINT'],
  ['INTEGER', 'INTEGER'],
  ['INT', 'INTEGER'],
  ['BIGINT', 'BIGINT'],
  ['DECIMAL', 'DECIMAL'],
  ['DEC', 'DECIMAL'],
  ['NUMERIC', 'DECIMAL'],
  ['REAL', 'REAL'],
  ['DOUBLE', 'DOUBLE'],
  ['FLOAT', 'DOUBLE'],
  ['BOOLEAN', 'BOOLEAN'],
  ['CHAR', 'CHAR'],
  ['CHARACTER', 'CHAR'],
  ['VARCHAR', 'VARCHAR'],
  ['BINARY', 'BINARY'],
  ['VARBINARY', 'VARBINARY'],
  ['DATE', 'DATE'],
  ['TIME', 'TIME'],
  ['TIMESTAMP', 'TIMESTAMP'],
  ['INTERVAL', 'INTERVAL'],
]);

/** Type names of other systems, and what to write here. */
export const foreignTypes: ReadonlyMap<string, string> = new Map([
  ['STRING', 'VARCHAR(n)'],
  ['TEXT', 'VARCHAR(n)'],
  ['VARCHAR2', 'VARCHAR(n)'],
  ['NVARCHAR', 'VARCHAR(n)'],
  ['LONGVARCHAR', 'VARCHAR(n)'],
  ['CLOB', 'VARCHAR(n)'],
  ['LONG', 'BIGINT'],
  ['INT4', 'INTEGER'],
  ['INT8', 'BIGINT'],
  ['NUMBER', 'DECIMAL(p, s)'],
  ['FLOAT8', 'DOUBLE'],
  ['BOOL', 'BOOLEAN'],
  ['DATETIME', 'TIMESTAMP'],
  ['TIMESTAMPTZ', 'TIMESTAMP'],
  ['BYTES', 'VARBINARY(n)'],
  ['BLOB', 'VARBINARY(n)'],
]);

/** Functions of other systems, and what to write here. */
export const foreignFunctions: ReadonlyMap<string, string> = new Map([
  ['CONCAT', 'a || b'],
  ['LENGTH', 'CHAR_LENGTH(s)'],
  ['LEN', 'CHAR_LENGTH(s)'],
  ['SUBSTR', 'SUBSTRING(s, p, n)'],
  ['INSTR', 'POSITION(x IN s)'],
  ['REPLACE', 'REGEX_REPLACE(s, pattern, r, 1, 0)'],
  ['REGEXP_REPLACE', 'REGEX_REPLACE(s, pattern, r, 1, 0)'],
  ['REGEXP_EXTRACT', "SUBSTRING(s FROM 'pattern')"],
  ['LTRIM', "TRIM(LEADING ' ' FROM s)"],
  ['RTRIM', "TRIM(TRAILING ' ' FROM s)"],
  ['NVL', 'COALESCE(a, b)'],
  ['IFNULL', 'COALESCE(a, b)'],
  ['ISNULL', 'a IS NULL, or COALESCE(a, b)'],
  ['IF', 'CASE WHEN c THEN a ELSE b END'],
  ['IIF', 'CASE WHEN c THEN a ELSE b END'],
  ['DECODE', 'CASE a WHEN b THEN c END'],
  ['GREATEST', 'CASE WHEN a > b THEN a ELSE b END'],
  ['LEAST', 'CASE WHEN a < b THEN a ELSE b END'],
  ['ROUND', 'CAST(x AS DECIMAL(p, s)), which rounds'],
  ['POW', 'POWER(b, e)'],
  ['LOG', 'LN(x) or LOG10(x)'],
  ['NOW', 'CURRENT_ROW_TIMESTAMP'],
  ['GETDATE', 'CURRENT_ROW_TIMESTAMP'],
  ['TO_CHAR', "TIMESTAMP_TO_CHAR('yyyy-MM-dd', t)"],
  ['DATE_FORMAT', "TIMESTAMP_TO_CHAR('yyyy-MM-dd', t)"],
  ['TO_DATE', "CHAR_TO_DATE('yyyy-MM-dd', s)"],
  ['DATEDIFF', '(t - u) SECOND, or TSDIFF(u, t)'],
  ['TIMESTAMPDIFF', '(t - u) SECOND, or TSDIFF(u, t)'],
  ['DATE_TRUNC', 'FLOOR(t TO MINUTE)'],
  ['TUMBLE', "STEP(t BY INTERVAL '1' MINUTE)"],
  ['MEAN', 'AVG(x)'],
  ['VARIANCE', 'VAR_SAMP(x)'],
]);

/** The unit a word names, or `null`. */
export function unitOf(word: string): DatetimeUnit | null {
  return units.get(word) ?? null;
}

const units: ReadonlyMap<string, DatetimeUnit> = new Map([
  ['YEAR', 'YEAR'],
  ['MONTH', 'MONTH'],
  ['DAY', 'DAY'],
  ['HOUR', 'HOUR'],
  ['MINUTE', 'MINUTE'],
  ['SECOND', 'SECOND'],
]);

function words(text: string): Set<string> {
  return new Set(text.trim().split(/\s+/));
}
