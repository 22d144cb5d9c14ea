/** Rows up to `to`, from where the run before ends, are of that partition. */
export interface PartitionRun {
  readonly to: number;
  readonly partition: number;
}

/** The partition of each row of a batch. */
export function partitionOfEach(length: number, runs: readonly PartitionRun[]): Float64Array {
  const found = new Float64Array(length);
  let from = 0;
  for (const { to, partition } of runs) {
    found.fill(partition, from, to);
    from = to;
  }
  return found;
}
