import type { z } from 'zod';
import { type ApiApplication, applicationSchema } from './api-schema.ts';
import { unprocessable } from './connections.ts';
import { Document, type Path, type Problem, printPath } from './document.ts';
import { normalise } from './normalise.ts';
import { type RowtimeSection, rowtimeSchema } from './rowtime-schema.ts';

/** An application file, read. With `errors` there is no application. */
export interface ParsedApplication {
  readonly application: ApiApplication | null;
  readonly rowtime: RowtimeSection;
  readonly errors: readonly FileProblem[];
  /** Fields that rowtime does not know: perhaps mistyped, perhaps newer than it. */
  readonly unknown: readonly FileProblem[];
}

export interface FileProblem extends Problem {
  readonly file: string;
}

export interface ApplicationFile {
  readonly file: string;
  readonly text: string;
}

/** Reads an application in any shape that AWS prints or takes it in (normalise.ts), its `rowtime` section, and the file
 *  beside it that may hold that section instead. Finds all mistakes, not only the first. */
export function parseApplication(main: ApplicationFile, side: ApplicationFile | null): ParsedApplication {
  const document = new Document(main.text);
  const beside = side && new Document(side.text);
  const syntax = [...inFile(main.file, document.problems), ...(side ? inFile(side.file, beside!.problems) : [])];
  if (syntax.length > 0) return { application: null, rowtime: {}, errors: syntax, unknown: [] };

  const { section, rest } = takeSection(document.value);
  const normalised = normalise(rest);
  if (!('original' in normalised)) {
    return { application: null, rowtime: {}, errors: inFile(main.file, [normalised]), unknown: [] };
  }
  const locate = (path: Path): Path => normalised.original(path);
  const api = validate(applicationSchema, normalised.value, (path) => at(document, locate(path)));
  const own = validate(rowtimeSchema, section ?? {}, (path) => at(document, ['rowtime', ...path]));
  const other = beside && validate(rowtimeSchema, beside.value, (path) => at(beside, path));
  const rowtime = { ...own.value, ...other?.value };
  const apart = unprocessable(api.value, rowtime).map(({ path, message }) => ({
    ...at(document, locate(path)),
    message,
  }));
  return {
    application: api.value,
    rowtime,
    errors: [
      ...inFile(main.file, [...api.errors, ...own.errors, ...apart]),
      ...(side ? inFile(side.file, other!.errors) : []),
    ],
    unknown: [
      ...inFile(main.file, [...api.unknown, ...own.unknown]),
      ...(side ? inFile(side.file, other!.unknown) : []),
    ],
  };
}

/** `application.json:12: Inputs[0].NamePrefix: …` */
export function printProblem({ file, line, path, message }: FileProblem): string {
  return `${file}${line > 0 ? `:${line}` : ''}: ${path.length > 0 ? `${printPath(path)}: ` : ''}${message}`;
}

function takeSection(value: unknown): { readonly section: unknown; readonly rest: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { section: undefined, rest: value };
  const { rowtime: section, ...rest } = value as Record<string, unknown>;
  return { section, rest };
}

function at(document: Document, path: Path): Pick<Problem, 'line' | 'path'> {
  return { line: document.line(path), path };
}

function inFile(file: string, problems: readonly Problem[]): FileProblem[] {
  return problems.map((problem) => ({ ...problem, file }));
}

interface Validated<T> {
  readonly value: T | null;
  readonly errors: readonly Problem[];
  readonly unknown: readonly Problem[];
}

function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  place: (path: Path) => Pick<Problem, 'line' | 'path'>,
): Validated<T> {
  const unknown: Problem[] = [];
  let rest = value;
  for (;;) {
    const parsed = schema.safeParse(rest);
    if (parsed.success) return { value: parsed.data, errors: [], unknown };
    const issues = parsed.error.issues.flatMap(flatten);
    const strange = issues.filter((issue) => issue.code === 'unrecognized_keys');
    if (strange.length === 0 || strange.length < issues.length) {
      const errors = issues.flatMap((issue) => {
        const path = issue.path as Path;
        if (issue.code !== 'unrecognized_keys')
          return [{ ...place(path), message: messageOf(issue, valueAt(rest, path)) }];
        return issue.keys.map((key) => ({ ...place([...path, key]), message: 'rowtime does not know this field' }));
      });
      return { value: null, errors, unknown };
    }
    for (const { path, keys } of strange as { path: Path; keys: string[] }[]) {
      for (const key of keys) {
        unknown.push({ ...place([...path, key]), message: 'rowtime does not know this field, and leaves it aside' });
        rest = without(rest, [...path, key]);
      }
    }
  }
}

type Issue = z.core.$ZodIssue;

/** Of a union, the issues of the alternative that came closest. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const best = issue.errors.reduce((a, b) => (b.length < a.length ? b : a));
  return best.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

function messageOf(issue: Issue, found: unknown): string {
  if (found === undefined && issue.code === 'invalid_type') return 'is missing';
  if (isIntrinsic(found)) {
    return `is ${JSON.stringify(found)}, which only CloudFormation can resolve; put the value here (\`aws cloudformation describe-stack-resources\` shows it)`;
  }
  return issue.message.replace(/^Invalid input: /, '');
}

function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [key, ...others] = Object.keys(value);
  return others.length === 0 && (key === 'Ref' || key?.startsWith('Fn::') === true);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[part] : undefined,
    value,
  );
}

function without(value: unknown, [first, ...rest]: Path): unknown {
  if (typeof value !== 'object' || value === null || first === undefined) return value;
  if (Array.isArray(value)) return value.map((item, i) => (i === first ? without(item, rest) : item));
  const { [first]: inner, ...others } = value as Record<string | number, unknown>;
  return rest.length === 0 ? others : { ...others, [first]: without(inner, rest) };
}
