/** A shard as ListShards gives it. */
export interface Shard {
  readonly id: string;
  /** One after a split, two after a merge. Those older than the retention are not listed any more. */
  readonly parents: readonly string[];
  readonly isOpen: boolean;
}

/** The number of a shard, by which shards are dealt to several input streams: 7 of `shardId-000000000007`. It says the same
 *  after a restart, and those that a reshard makes have consecutive ones, so that they are dealt evenly, too. */
export function numberOf(id: string): number {
  return Number(/\d+$/.exec(id)?.[0] ?? 0);
}

/** The listed shards that may be read now: not read to their end, and all of whose parents were, or are gone. A record
 *  of a key is older in the parent than in the child, so children wait. */
export function readable(shards: readonly Shard[], done: ReadonlySet<string>): Shard[] {
  const listed = new Set(shards.map(({ id }) => id));
  const isRead = (id: string) => done.has(id) || !listed.has(id);
  return shards.filter(({ id, parents }) => !done.has(id) && parents.every(isRead));
}

/** All shards that these came from, as far as they are listed. */
export function ancestorsOf(ids: readonly string[], shards: readonly Shard[]): Set<string> {
  const parentsOf = new Map(shards.map(({ id, parents }) => [id, parents]));
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const parent of parentsOf.get(id) ?? []) {
      if (found.has(parent)) continue;
      found.add(parent);
      visit(parent);
    }
  };
  for (const id of ids) visit(id);
  return found;
}
