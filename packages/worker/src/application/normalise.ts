import type { Path, Problem } from './document.ts';

/** An application as CreateApplication takes it, and the way back to where each part stood in the file. */
export interface Normalised {
  readonly value: unknown;
  /** The path in the file of a path in `value`. */
  original(path: Path): Path;
}

/**
 * Whatever shape an application comes in, as one: the request of CreateApplication, in the names of version 2.
 *
 *     describe-application     { ApplicationDetail: { InputDescriptions: [{ KinesisStreamsInputDescription … }] … } }
 *     CreateApplication        { Inputs: [{ KinesisStreamsInput … }] … }, of version 1 or 2
 *     CloudFormation           one resource { Type, Properties }, or a template with Resources
 *
 * Returns a problem for what is none of these.
 */
export function normalise(document: unknown): Normalised | Problem {
  const found = locate(document);
  if (!found) return { line: 1, path: [], message: `this is no application: ${expected}` };
  const { at, value, extra } = found;
  const own = createShape(value, at);
  const version2 = isObject(own.value['ApplicationConfiguration']) ? own.value['ApplicationConfiguration'] : null;
  const sql =
    version2 && isObject(version2['SqlApplicationConfiguration']) ? version2['SqlApplicationConfiguration'] : null;
  const code = version2?.['ApplicationCodeConfiguration'];
  const text = isObject(code) && isObject(code['CodeContent']) ? code['CodeContent']['TextContent'] : undefined;
  const { ApplicationConfiguration: _, ...rest } = own.value;
  const flat: Record<string, unknown> = version2
    ? { ...rest, ...sql, ...(text !== undefined && { ApplicationCode: text }) }
    : rest;
  const sqlAt = ['ApplicationConfiguration', 'SqlApplicationConfiguration'];
  const places: Record<string, Path> = {};
  if (version2) {
    for (const key of Object.keys(sql ?? {})) places[key] = [...sqlAt, key];
    places['ApplicationCode'] = [
      'ApplicationConfiguration',
      'ApplicationCodeConfiguration',
      'CodeContent',
      'TextContent',
    ];
  }
  const appended: Record<string, Path[]> = {};
  for (const { list, path, value: item } of extra) {
    const shaped = createShape(item, path);
    const before = Array.isArray(flat[list]) ? (flat[list] as unknown[]) : [];
    appended[list] ??= [];
    appended[list][before.length] = path;
    flat[list] = [...before, shaped.value];
  }
  return {
    value: flat,
    original(path) {
      const [first, second, ...more] = path;
      if (typeof first !== 'string') return at;
      const elsewhere = typeof second === 'number' ? appended[first]?.[second] : undefined;
      if (elsewhere) return trace(document, elsewhere, more);
      return trace(document, at, [...(places[first] ?? [first]), ...path.slice(1)]);
    },
  };
}

const expected =
  'expected what `aws kinesisanalyticsv2 describe-application` prints (or kinesisanalytics), a CreateApplication request, or a CloudFormation resource';

interface Located {
  readonly value: Readonly<Record<string, unknown>>;
  readonly at: Path;
  /** Outputs and reference tables that CloudFormation has as resources of their own. */
  readonly extra: readonly {
    readonly list: string;
    readonly path: Path;
    readonly value: Readonly<Record<string, unknown>>;
  }[];
}

function locate(document: unknown): Located | null {
  if (!isObject(document)) return null;
  const { ApplicationDetail, Resources, Type, Properties } = document;
  if (isObject(ApplicationDetail)) return { value: ApplicationDetail, at: ['ApplicationDetail'], extra: [] };
  if (isApplicationType(Type) && isObject(Properties)) return { value: Properties, at: ['Properties'], extra: [] };
  if (isObject(Resources)) return inTemplate(Resources);
  const isOne = ['ApplicationCode', 'ApplicationConfiguration', 'Inputs', 'ApplicationName'].some(
    (key) => key in document,
  );
  return isOne ? { value: document, at: [], extra: [] } : null;
}

function inTemplate(resources: Readonly<Record<string, unknown>>): Located | null {
  const typed = Object.entries(resources).flatMap(([name, resource]) =>
    isObject(resource) && typeof resource['Type'] === 'string' && isObject(resource['Properties'])
      ? [{ name, type: resource['Type'], properties: resource['Properties'] }]
      : [],
  );
  const [application, ...others] = typed.filter(({ type }) => isApplicationType(type));
  if (!application || others.length > 0) return null;
  const parts = {
    ApplicationOutput: ['Output', 'Outputs'],
    ApplicationReferenceDataSource: ['ReferenceDataSource', 'ReferenceDataSources'],
  };
  const extra = typed.flatMap(({ name, type, properties }) => {
    const [key, list] = parts[type.split('::')[2] as keyof typeof parts] ?? [];
    const value = key === undefined ? undefined : properties[key];
    return list !== undefined && isObject(value)
      ? [{ list, value, path: ['Resources', name, 'Properties', key!] }]
      : [];
  });
  return { value: application.properties, at: ['Resources', application.name, 'Properties'], extra };
}

function isApplicationType(type: unknown): boolean {
  return type === 'AWS::KinesisAnalytics::Application' || type === 'AWS::KinesisAnalyticsV2::Application';
}

/** The names of a description without "Description": what was described is what was created. */
function createShape(value: unknown, at: Path): { readonly value: Record<string, unknown>; readonly at: Path } {
  return { value: strip(value) as Record<string, unknown>, at };
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isPart = typeof inner === 'object' && inner !== null;
      return [isPart ? key.replace(/Description(s?)$/, '$1') : key, strip(inner)];
    }),
  );
}

/** The path below `at` in the document that `strip` made `path` of, as far as it goes. */
function trace(document: unknown, at: Path, path: Path): Path {
  const found = [...at];
  let node = at.reduce((inner, part) => step(inner, part), document);
  for (const part of path) {
    const described = typeof part === 'string' && isObject(node) && !(part in node) ? describedName(part, node) : part;
    found.push(described);
    node = step(node, described);
  }
  return found;
}

function describedName(name: string, node: Readonly<Record<string, unknown>>): string {
  return [`${name}Description`, name.replace(/s$/, 'Descriptions')].find((known) => known in node) ?? name;
}

function step(node: unknown, part: string | number): unknown {
  return typeof node === 'object' && node !== null ? (node as Record<string | number, unknown>)[part] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
