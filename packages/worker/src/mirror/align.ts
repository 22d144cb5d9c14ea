import type { MirrorSettings } from '@rowtime/mirror';
import { CommandError, exitCodes } from '../exit.ts';
import type { AlignedColumn } from './read-rows.ts';
import type { RecordedColumn, Recording } from './recording.ts';

/** Both sides with the same columns, and what is known of them before a row is compared. */
export interface Alignment {
  readonly recorded: readonly AlignedColumn[];
  readonly ours: readonly AlignedColumn[];
  readonly settings: MirrorSettings;
  /** What a reader of the report should know. */
  readonly notices: readonly string[];
}

/** What flags say of the columns. */
export interface ColumnFlags {
  /** null: to be inferred; empty: rows have none. */
  readonly key: readonly string[] | null;
  readonly time: string | null;
  readonly windowMillis: number | null;
  readonly scores: readonly string[] | null;
  readonly seeded: boolean;
  readonly ignored: readonly string[];
  readonly tolerances: readonly Tolerance[];
}

export interface Tolerance {
  /** null: every column. */
  readonly column: string | null;
  readonly kind: 'absolute' | 'relative' | 'ulps';
  readonly amount: number;
}

const rowtime = 'ROWTIME';
/** What RANDOM_CUT_FOREST calls its column. */
const score = 'ANOMALY_SCORE';

/** The columns that two recordings have between them. One that is missing on a side is NULL there, and so differs; but for
 *  ROWTIME, which rowtime writes and the service did not. */
export function align(stream: string, recorded: Recording, ours: Recording, flags: ColumnFlags): Alignment {
  const [theirs, own] = named(recorded, ours);
  const find = (columns: readonly RecordedColumn[], name: string) => columns.find((column) => column.name === name);
  const union = [...theirs, ...own.filter(({ name }) => !find(theirs, name))].map(({ name }) => name);
  const isShared = (name: string): boolean => find(theirs, name) !== undefined && find(own, name) !== undefined;
  const columns = union.filter((name) => name !== rowtime || isShared(name));
  const notices: string[] = [];
  if (columns.length < union.length) notices.push(`only one side has ${rowtime}: it is not compared`);
  for (const name of columns) {
    if (isShared(name)) continue;
    const side = find(theirs, name) ? 'the recorded side' : 'our side';
    notices.push(`only ${side} has the column ${name}: on the other it is NULL (--ignore ${name} leaves it out)`);
  }
  for (const [flag, names] of Object.entries({
    key: flags.key ?? [],
    time: flags.time === null ? [] : [flags.time],
    scores: flags.scores ?? [],
    ignore: flags.ignored,
    tolerance: flags.tolerances.flatMap(({ column }) => column ?? []),
  })) {
    const unknown = names.find((name) => !columns.includes(name));
    if (unknown === undefined) continue;
    throw new CommandError(
      `--${flag} ${unknown}: ${stream} has no such column on both sides; it has ${columns.join(', ')}`,
      exitCodes.usage,
    );
  }
  const time = flags.time ?? inferredTime(columns.filter(isShared), theirs, own, notices);
  const scores = flags.scores ?? columns.filter((name) => name === score);
  if (flags.scores === null && scores.length > 0 && !flags.seeded) {
    notices.push(`${score} is compared as a random score, by distribution and ranks (--seeded compares it exactly)`);
  }
  const place = (side: Recording, list: readonly RecordedColumn[], others: readonly RecordedColumn[]) =>
    columns.map((name): AlignedColumn => {
      const column = find(list, name);
      // A member that was in none of the first records may still come.
      const mapping = column?.mapping || find(others, name)?.mapping || `$['${name.replace(/['\\]/g, '\\$&')}']`;
      return { name, mapping, index: side.csv && column ? list.indexOf(column) : -1 };
    });
  return {
    recorded: place(recorded, theirs, own),
    ours: place(ours, own, theirs),
    settings: {
      stream,
      columns,
      ...(flags.key && { key: flags.key }),
      ...(time !== null && { time }),
      ...(flags.windowMillis !== null && { windowMillis: flags.windowMillis }),
      ...(scores.length > 0 && { scores }),
      seeded: flags.seeded,
      compare: compareSettings(
        columns.filter(
          (name) => name !== time && !flags.key?.includes(name) && !(scores.includes(name) && !flags.seeded),
        ),
        flags,
      ),
    },
    notices,
  };
}

/** The columns of CSV that has no names are those of the other side, in order, with or without ROWTIME before them. */
function named(recorded: Recording, ours: Recording): [readonly RecordedColumn[], readonly RecordedColumn[]] {
  if (recorded.isNameless)
    return [namesFrom(recorded, ours), ours.isNameless ? namesFrom(ours, recorded) : ours.columns];
  return [recorded.columns, ours.isNameless ? namesFrom(ours, recorded) : ours.columns];
}

function namesFrom(nameless: Recording, other: Recording): readonly RecordedColumn[] {
  const names = other.columns.map(({ name }) => name);
  const candidates = [names, names.filter((name) => name !== rowtime), [rowtime, ...names]];
  const found = candidates.find(({ length }) => length === nameless.columns.length);
  if (!found) {
    throw new CommandError(
      `${nameless.place.name}: a row has ${nameless.columns.length} columns and no names, and one of ${other.place.name} has ${names.length}; --columns names those of the recorded side`,
    );
  }
  return nameless.columns.map((column, c) => ({ ...column, name: found[c]! }));
}

/** ROWTIME, or else the one column that looks like a time on both sides. */
function inferredTime(
  shared: readonly string[],
  recorded: readonly RecordedColumn[],
  ours: readonly RecordedColumn[],
  notices: string[],
): string | null {
  if (shared.includes(rowtime)) return rowtime;
  const isTime = (columns: readonly RecordedColumn[], name: string): boolean =>
    columns.find((column) => column.name === name)?.type.kind === 'timestamp';
  const [only, ...others] = shared.filter((name) => isTime(recorded, name) && isTime(ours, name));
  if (only === undefined || others.length > 0) return null;
  notices.push(`${only} is taken for the time of a row (--time says another column)`);
  return only;
}

function compareSettings(columns: readonly string[], { ignored, tolerances }: ColumnFlags): MirrorSettings['compare'] {
  const entries = columns.flatMap((name) => {
    // What is said of the column comes after what is said of all.
    const own = tolerances.filter(({ column }) => column === name);
    const all = tolerances.filter(({ column }) => column === null);
    const amounts = (own.length > 0 ? own : all).map(({ kind, amount }) => [kind, amount] as const);
    if (amounts.length === 0 && !ignored.includes(name)) return [];
    return [
      [name, { ...Object.fromEntries(amounts), ...(ignored.includes(name) && { role: 'ignored' as const }) }] as const,
    ];
  });
  return Object.fromEntries(entries);
}

/** `[COLUMN=]0.01`, `[COLUMN=]1%` or `[COLUMN=]4ulp`. */
export function parseTolerance(text: string): Tolerance {
  const [, column, amount, unit = ''] = /^(?:(.+)=)?(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(%|ulp)?$/s.exec(text) ?? [];
  if (amount === undefined) {
    throw new CommandError(
      `--tolerance ${text}: expected an amount (0.01), a part of the value (1%) or units in the last place (4ulp), for all columns or for one: AVERAGE=1%`,
      exitCodes.usage,
    );
  }
  const value = Number(amount);
  const name = column ?? null;
  if (unit === '%') return { column: name, kind: 'relative', amount: value / 100 };
  return { column: name, kind: unit === 'ulp' ? 'ulps' : 'absolute', amount: value };
}
