import type { SqlType } from '@rowtime/core';
import type { ColumnWriter } from './column-writer.ts';
import type { Memory } from './memory.ts';
import { limitsOf, type Template } from './templates.ts';
import type { KernelExports } from './wasm/module.ts';

/** The compiled fast path: tells the WebAssembly kernel what to read, in the layout of assembly/state.ts. */
export class Kernel {
  /** Where the record behind the last one read begins, and where that last one ends. Addresses. */
  at = 0;
  end = 0;

  readonly #exports: KernelExports;
  readonly #memory: Memory;
  readonly #columns: readonly ColumnWriter[];
  readonly #stateAddress: number;
  #state = new Int32Array(0);
  /** By number of a template: its block. */
  readonly #blocks: ({ readonly address: number; readonly bytes: number } | null)[] = [];
  #templates = 0;

  constructor(exports: KernelExports, memory: Memory, columns: readonly ColumnWriter[], recordBytesMax: number) {
    this.#exports = exports;
    this.#memory = memory;
    this.#columns = columns;
    this.#stateAddress = exports.stateAddress();
    const list = memory.allocate(columns.length * 4);
    const look = () => {
      this.#state = new Int32Array(memory.buffer, this.#stateAddress, stateTemplates / 4 + templatesMax);
    };
    memory.onMove(look);
    look();
    new Int32Array(memory.buffer, list, columns.length).set(columns.map((column) => column.address));
    this.#state[stateRecordBytesMax / 4] = Math.min(recordBytesMax, 0x7fffffff);
    this.#state[stateColumns / 4] = columns.length;
    this.#state[stateColumnList / 4] = list;
  }

  /** Whether there is anything that the kernel could read. */
  get isReady(): boolean {
    return this.#templates > 0;
  }

  /** Reads records from address `from` on into rows [row, rowsTo). Returns the first row not filled. */
  read(from: number, row: number, rowsTo: number): number {
    let next = row;
    this.at = from;
    this.end = 0;
    for (;;) {
      next = this.#exports.read(this.at, next, rowsTo);
      const state = this.#state;
      this.at = state[stateAt / 4];
      if (state[stateEnd / 4] !== 0) this.end = state[stateEnd / 4];
      const wanting = state[stateWanting / 4];
      if (wanting < 0) return next;
      const texts = state[stateWantingTexts / 4];
      this.#columns.find((column) => column.texts.address === texts)!.texts.reserve(wanting);
    }
  }

  /** From now on template `t` is this one. One with values that only JavaScript reads is none for the kernel. */
  learn(t: number, template: Template): void {
    const old = this.#blocks[t] ?? null;
    if (old) {
      this.#memory.free(old.address, old.bytes);
      this.#templates--;
    }
    const block = this.#lay(template);
    this.#blocks[t] = block;
    if (block) this.#templates++;
    this.#state[stateTemplates / 4 + t] = block?.address ?? 0;
  }

  /** Whether the template has read records since this was last asked. */
  hasRead(t: number): boolean {
    const block = this.#blocks[t];
    if (!block) return false;
    const view = new DataView(this.#memory.buffer, block.address, 4);
    const read = view.getInt32(0, true) !== 0;
    view.setInt32(0, 0, true);
    return read;
  }

  #lay({ literals, slots, absent }: Template): { address: number; bytes: number } | null {
    const ops = slots.map(({ column }) => opOf(column?.type ?? null));
    if (ops.includes(null)) return null;
    const blocks = literals.map((literal) => Math.ceil(literal.length / 16));
    const absentAt = stepsAt + literals.length * stepBytes;
    const literalsAt = Math.ceil((absentAt + absent.length * 4) / 16) * 16;
    const bytes = literalsAt + blocks.reduce((sum, count) => sum + count * 32, 0);
    const address = this.#memory.allocate(bytes);
    const all = new Uint8Array(this.#memory.buffer, address, bytes);
    const view = new DataView(this.#memory.buffer, address, bytes);
    view.setInt32(4, address + absentAt, true);
    view.setInt32(8, address + absentAt, true);
    view.setInt32(12, address + absentAt + absent.length * 4, true);
    absent.forEach((column, i) => {
      view.setInt32(absentAt + i * 4, column.address, true);
    });
    let at = literalsAt;
    literals.forEach((literal, s) => {
      const step = stepsAt + s * stepBytes;
      view.setInt32(step, address + at, true);
      view.setInt32(step + 4, address + at + blocks[s] * 32, true);
      view.setInt32(step + 8, literal.length, true);
      for (let i = 0; i < literal.length; i++) {
        all[at + (i >> 4) * 32 + (i & 15)] = literal[i];
        all[at + (i >> 4) * 32 + 16 + (i & 15)] = 0xff;
      }
      at += blocks[s] * 32;
      if (s === slots.length) return; // the op is 0: the end
      const { column } = slots[s];
      view.setInt32(step + 12, ops[s]!, true);
      if (!column) return;
      const { max, scale, isDecimal, isReal, zero } = limitsOf(column.type);
      view.setInt32(step + 16, column.address, true);
      view.setInt32(step + 20, Math.min(scale, 0x7fffffff), true);
      view.setInt32(step + 24, isDecimal ? 1 : 0, true);
      view.setInt32(step + 28, isReal ? 1 : 0, true);
      view.setFloat64(step + 32, max, true);
      view.setFloat64(step + 40, zero, true);
    });
    return { address, bytes };
  }
}

// The layout of assembly/state.ts, in bytes.
const stateAt = 0;
const stateEnd = 4;
const stateWanting = 8;
const stateRecordBytesMax = 12;
const stateColumns = 20;
const stateColumnList = 24;
const stateWantingTexts = 28;
const stateTemplates = 32;
const templatesMax = 8;
const stepsAt = 16;
const stepBytes = 48;

/** How the kernel reads a value into a column of this type, or skips it; null: it cannot. */
function opOf(type: SqlType | null): number | null {
  switch (type?.kind) {
    case undefined:
      return 1;
    case 'char':
    case 'varchar':
      return 2;
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 3;
    case 'decimal':
    case 'real':
    case 'double':
      return 4;
    case 'timestamp':
      return 5;
    case 'boolean':
      return 6;
    default:
      return null;
  }
}
