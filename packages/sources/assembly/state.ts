// What the kernel and src/decode/kernel.ts tell each other, by address; the JavaScript side has the same numbers.

export const state: usize = memory.data(256, 16);

/** Where the record behind the last one read begins, and where that last one ends (0: none was read). */
export const stateAt: usize = 0;
export const stateEnd: usize = 4;
/** Bytes of the text that there was no room for; -1: there was room. */
export const stateWanting: usize = 8;
/** Longer records are not read. */
export const stateRecordBytesMax: usize = 12;
/** The template that read the last record. */
export const stateLast: usize = 16;
/** The number of columns, and the address of a list of their addresses. */
export const stateColumns: usize = 20;
export const stateColumnList: usize = 24;
/** The texts that had no room. */
export const stateWantingTexts: usize = 28;
/** Addresses of templates; 0: none. */
export const stateTemplates: usize = 32;
export const templatesMax: i32 = 8;

// A column: the addresses of its values and validity bytes, 1 if it is used, the address of its texts.
export const columnValues: usize = 0;
export const columnValid: usize = 4;
export const columnUsed: usize = 8;
export const columnTexts: usize = 12;

// A template: 1 if it has read a record, its steps, its absent columns and the address of their list; then the steps.
export const templateRead: usize = 0;
export const templateStepsTo: usize = 4;
export const templateAbsent: usize = 8;
export const templateAbsentTo: usize = 12;
export const templateSteps: usize = 16;

// A step: a literal, as blocks of 16 bytes with 16 bytes of mask each, and how to read the value behind it.
export const stepLiteral: usize = 0;
export const stepLiteralTo: usize = 4;
export const stepLength: usize = 8;
export const stepOp: usize = 12;
export const stepColumn: usize = 16;
export const stepScale: usize = 20;
export const stepIsDecimal: usize = 24;
export const stepIsReal: usize = 28;
export const stepMax: usize = 32;
export const stepZero: usize = 40;
export const stepBytes: usize = 48;

export const opEnd: i32 = 0;
export const opSkip: i32 = 1;
export const opText: i32 = 2;
export const opInteger: i32 = 3;
export const opFloat: i32 = 4;
export const opTimestamp: i32 = 5;
export const opBoolean: i32 = 6;
