import { aggregateFunction, analyticFunction } from '@rowtime/core';
import type * as ast from './ast.ts';
import { nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { functionNamed } from './functions/index.ts';
import { recordFunction } from './functions/log-parse/index.ts';
import { printName, suggest } from './suggest.ts';
import { typeOf } from './types.ts';
import { walk } from './visit.ts';

/** What a program leaves when all of its statements have taken effect, in order: that is what runs. */
export interface Script {
  readonly streams: readonly ast.CreateStream[];
  readonly views: readonly ast.CreateView[];
  readonly functions: readonly ast.CreateFunction[];
  readonly pumps: readonly { readonly pump: ast.CreatePump; readonly isStarted: boolean }[];
}

/** What a check does otherwise than a compilation, which ends with the first error. */
export interface Lenience {
  /** Does the work, and keeps its error. */
  attempt(work: () => void): void;
  /** True for what was to be created by a statement that has an error: it may be altered and dropped. */
  isLost(object: ast.Drop['object'], name: string): boolean;
}

/** Creates, replaces, drops, starts and stops. `isInput`: the names that the configuration has taken. */
export function runScript(
  statements: readonly ast.Statement[],
  isInput: (name: string) => boolean,
  { attempt, isLost }: Lenience = { attempt: (work) => work(), isLost: () => false },
): Script {
  const script = new Objects(isInput, isLost);
  for (const statement of statements) attempt(() => script.take(statement));
  return script.left();
}

class Objects {
  readonly #isInput: (name: string) => boolean;
  readonly #isLost: Lenience['isLost'];
  readonly #streams = new Map<string, ast.CreateStream>();
  readonly #views = new Map<string, ast.CreateView>();
  readonly #pumps = new Map<string, { pump: ast.CreatePump; isStarted: boolean }>();
  #functions: ast.CreateFunction[] = [];

  constructor(isInput: (name: string) => boolean, isLost: Lenience['isLost']) {
    this.#isInput = isInput;
    this.#isLost = isLost;
  }

  left(): Script {
    return {
      streams: [...this.#streams.values()],
      views: [...this.#views.values()],
      functions: this.#functions,
      pumps: [...this.#pumps.values()],
    };
  }

  take(statement: ast.Statement): void {
    switch (statement.kind) {
      case 'createStream':
        this.#createRelation(statement, this.#streams, 'stream');
        break;
      case 'createView':
        this.#createRelation(statement, this.#views, 'view');
        break;
      case 'createFunction':
        this.#createFunction(statement);
        break;
      case 'createPump':
        this.#createPump(statement);
        break;
      case 'alterPump':
        this.#alterPump(statement);
        break;
      case 'drop':
        this.#drop(statement);
        break;
      case 'queryStatement':
        throw new SqlError(
          'SQL_NOT_SUPPORTED',
          'a query on its own goes nowhere',
          statement.span,
          'put it in a pump: CREATE PUMP name AS INSERT INTO stream SELECT …',
        );
      case 'insert':
        throw new SqlError(
          'SQL_NOT_SUPPORTED',
          'INSERT stands in a pump',
          statement.span,
          'write CREATE PUMP name AS INSERT INTO …',
        );
    }
  }

  // Streams, tables and views share their names.
  #createRelation<T extends ast.CreateStream | ast.CreateView>(
    statement: T,
    among: Map<string, T>,
    what: 'stream' | 'view',
  ): void {
    const name = nameOf(statement.name);
    if (this.#isInput(name)) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `${printName(name)} is the input stream`,
        statement.name.span,
        `give this ${what} another name`,
      );
    }
    const isOther = !among.has(name) && (this.#streams.has(name) || this.#views.has(name));
    if (isOther || (among.has(name) && !statement.orReplace)) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `${isOther ? other(what) : what} ${printName(name)} exists already`,
        statement.name.span,
        isOther ? 'give it another name' : `write CREATE OR REPLACE ${what.toUpperCase()}`,
      );
    }
    among.set(name, statement);
  }

  #createPump(pump: ast.CreatePump): void {
    const name = nameOf(pump.name);
    if (this.#pumps.has(name) && !pump.orReplace) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `pump ${printName(name)} exists already`,
        pump.name.span,
        'write CREATE OR REPLACE PUMP',
      );
    }
    this.#pumps.delete(name);
    this.#pumps.set(name, { pump, isStarted: pump.state !== 'stopped' });
  }

  #createFunction(fn: ast.CreateFunction): void {
    const name = nameOf(fn.name);
    if (functionNamed(name) || aggregateFunction(name) || analyticFunction(name) || recordFunction(name)) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `${printName(name)} is a function of the dialect`,
        fn.name.span,
        'give this one another name',
      );
    }
    const names = new Set<string>();
    for (const parameter of fn.parameters) {
      if (names.has(parameter.name.name)) {
        throw new SqlError(
          'SQL_DUPLICATE_NAME',
          `parameter ${printName(parameter.name.name)} is there twice`,
          parameter.span,
        );
      }
      names.add(parameter.name.name);
    }
    const same = this.#functions.find((known) => nameOf(known.name) === name && typesOf(known) === typesOf(fn));
    if (same && !fn.orReplace) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `function ${printName(name)} with these parameters exists already`,
        fn.name.span,
        'write CREATE OR REPLACE FUNCTION',
      );
    }
    this.#functions = [...this.#functions.filter((known) => known !== same), fn];
  }

  #alterPump({ names, action }: ast.AlterPump): void {
    for (const name of names) {
      const found = this.#pumps.get(nameOf(name));
      if (found) found.isStarted = action === 'start';
      else if (!this.#isLost('pump', nameOf(name))) throw this.#unknown('pump', name);
    }
  }

  #drop(statement: ast.Drop): void {
    const { object, name: written, ifExists, behavior } = statement;
    const name = nameOf(written);
    if (object === 'function') {
      const left = this.#functions.filter((fn) => nameOf(fn.name) !== name);
      if (left.length === this.#functions.length && !ifExists && !this.#isLost(object, name))
        throw this.#unknown(object, written);
      this.#functions = left;
      return;
    }
    const among = { stream: this.#streams, view: this.#views, pump: this.#pumps }[object];
    if (!among.has(name)) {
      if (object === 'stream' && this.#isInput(name))
        throw new SqlError('SQL_NOT_SUPPORTED', `${printName(name)} comes from the configuration`, written.span);
      if (ifExists || this.#isLost(object, name)) return;
      throw this.#unknown(object, written);
    }
    if (object !== 'pump') this.#dropUsers(name, behavior === 'cascade', statement);
    among.delete(name);
  }

  // RESTRICT unless CASCADE is written, as SQL:2008 has it where it must choose the harmless one.
  #dropUsers(name: string, cascade: boolean, { span }: ast.Drop): void {
    for (const [user, { pump }] of [...this.#pumps]) {
      if (!uses(pump, name)) continue;
      if (!cascade) throw inUse(name, `pump ${printName(user)}`, span);
      this.#pumps.delete(user);
    }
    for (const [user, view] of [...this.#views]) {
      if (user === name || !this.#views.has(user) || !uses(view, name)) continue;
      if (!cascade) throw inUse(name, `view ${printName(user)}`, span);
      // First it is gone: views may read each other, which is an error only where they stay.
      this.#views.delete(user);
      this.#dropUsers(user, true, { span } as ast.Drop);
    }
  }

  #unknown(object: ast.Drop['object'], written: ast.Name): SqlError {
    const codes = {
      stream: 'SQL_UNKNOWN_STREAM',
      view: 'SQL_UNKNOWN_STREAM',
      pump: 'SQL_UNKNOWN_PUMP',
      function: 'SQL_UNKNOWN_FUNCTION',
    } as const;
    const known = {
      stream: this.#streams.keys(),
      view: this.#views.keys(),
      pump: this.#pumps.keys(),
      function: this.#functions.map((fn) => nameOf(fn.name)),
    }[object];
    const names = [...known];
    const near = suggest(nameOf(written), names);
    return new SqlError(
      codes[object],
      `there is no ${object} ${printName(nameOf(written))} at this place`,
      written.span,
      near
        ? `did you mean ${printName(near)}?`
        : names.length > 0
          ? `there is ${names.map(printName).join(', ')}`
          : null,
    );
  }
}

function other(what: 'stream' | 'view'): 'stream' | 'view' {
  return what === 'stream' ? 'view' : 'stream';
}

function typesOf({ parameters }: ast.CreateFunction): string {
  return JSON.stringify(parameters.map(({ type }) => typeOf(type)));
}

function uses(user: ast.Node, name: string): boolean {
  let found = false;
  walk(user, (node) => {
    if (node.kind === 'relation' && nameOf(node.name) === name) found = true;
    if (node.kind === 'insert' && nameOf(node.target) === name) found = true;
    return !found;
  });
  return found;
}

function inUse(name: string, user: string, span: ast.Span): SqlError {
  return new SqlError('SQL_IN_USE', `${printName(name)} is used by ${user}`, span, 'drop that first, or write CASCADE');
}
