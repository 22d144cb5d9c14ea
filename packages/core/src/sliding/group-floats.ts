import { grownFloats } from './sliding-window.ts';

/** One number per partition; 0 for a new one. */
export class GroupFloats {
  values = new Float64Array(64);

  upTo(groups: number): Float64Array {
    if (this.values.length < groups) this.values = grownFloats(this.values, Math.max(groups, this.values.length * 2));
    return this.values;
  }

  renumber(mapping: Int32Array): void {
    let kept = 0;
    for (let group = 0; group < mapping.length; group++) {
      if (mapping[group] >= 0) {
        this.values[mapping[group]] = this.values[group];
        kept++;
      }
    }
    this.values.fill(0, kept);
  }
}
