import type { Trees } from './trees.ts';
import { none } from './trees.ts';

/** Widens the boxes of `node` and its ancestors to hold the point. An ancestor that holds it already ends the climb. */
export function extendBoxes(trees: Trees, node: number, values: Float32Array, at: number): void {
  const { boxes, nodeParents, dimensions, width } = trees;
  for (let above = node; above !== none; above = nodeParents[above]!) {
    const low = 2 * width * above;
    const high = low + width;
    let grew = false;
    for (let i = 0; i < dimensions; i++) {
      const value = values[at + i]!;
      if (value < boxes[low + i]!) {
        boxes[low + i] = value;
        grew = true;
      } else if (value > boxes[high + i]!) {
        boxes[high + i] = value;
        grew = true;
      }
    }
    if (!grew) return;
    sumRange(trees, above);
  }
}

/**
 * Shrinks the boxes of `node` and its ancestors after a point below `node` has gone. Only a dimension in which the point
 * lay on the box's face can change, and where a face stays, those of the ancestors stay too.
 */
export function shrinkBoxes(trees: Trees, node: number, values: Float32Array, at: number): void {
  const { nodes, boxes, points, nodeParents, dimensions, width } = trees;
  if (dimensions <= 2) {
    for (let above = node; above !== none && joinBoxes(trees, above); ) above = nodeParents[above]!;
    return;
  }
  if (faces.length < dimensions) faces = new Int32Array(dimensions);
  const open = faces;
  for (let i = 0; i < dimensions; i++) open[i] = i;
  let count = dimensions;
  for (let above = node; above !== none; above = nodeParents[above]!) {
    const low = 2 * width * above;
    const high = low + width;
    const left = nodes[4 * above]!;
    const right = nodes[4 * above + 1]!;
    // A leaf's box is its point: minima and maxima are the same numbers.
    const leftFrom = left < 0 ? points : boxes;
    const leftLow = left < 0 ? width * ~left : 2 * width * left;
    const leftHigh = left < 0 ? leftLow : leftLow + width;
    const rightFrom = right < 0 ? points : boxes;
    const rightLow = right < 0 ? width * ~right : 2 * width * right;
    const rightHigh = right < 0 ? rightLow : rightLow + width;
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const i = open[k]!;
      const value = values[at + i]!;
      let moved = false;
      if (value === boxes[low + i]) {
        const a = leftFrom[leftLow + i]!;
        const b = rightFrom[rightLow + i]!;
        const min = Math.min(a, b);
        if (min !== value) {
          boxes[low + i] = min;
          moved = true;
        }
      }
      if (value === boxes[high + i]) {
        const a = leftFrom[leftHigh + i]!;
        const b = rightFrom[rightHigh + i]!;
        const max = Math.max(a, b);
        if (max !== value) {
          boxes[high + i] = max;
          moved = true;
        }
      }
      if (moved) open[kept++] = i;
    }
    if (kept === 0) return;
    count = kept;
    sumRange(trees, above);
  }
}

// The dimensions in which faces still move.
let faces = new Int32Array(64);

/** The box around the boxes of both children. Returns whether it is another than before. */
export function joinBoxes(trees: Trees, node: number): boolean {
  const { nodes, boxes, points, dimensions, width } = trees;
  const left = nodes[4 * node]!;
  const right = nodes[4 * node + 1]!;
  // A leaf's box is its point, so its minima and maxima are the same numbers.
  const leftFrom = left < 0 ? points : boxes;
  const leftLow = left < 0 ? width * ~left : 2 * width * left;
  const leftHigh = left < 0 ? leftLow : leftLow + width;
  const rightFrom = right < 0 ? points : boxes;
  const rightLow = right < 0 ? width * ~right : 2 * width * right;
  const rightHigh = right < 0 ? rightLow : rightLow + width;
  const low = 2 * width * node;
  const high = low + width;
  let moved = false;
  for (let i = 0; i < dimensions; i++) {
    const a = leftFrom[leftLow + i]!;
    const b = rightFrom[rightLow + i]!;
    const c = leftFrom[leftHigh + i]!;
    const d = rightFrom[rightHigh + i]!;
    const min = Math.min(a, b);
    const max = Math.max(c, d);
    if (min === boxes[low + i] && max === boxes[high + i]) continue;
    boxes[low + i] = min;
    boxes[high + i] = max;
    moved = true;
  }
  if (moved) sumRange(trees, node);
  return moved;
}

/** The sides are float32, their sum is double, in the order of the dimensions: the library's bits depend on all three. */
function sumRange(trees: Trees, node: number): void {
  const { boxes, dimensions, width } = trees;
  const low = 2 * width * node;
  const high = low + width;
  let range = 0;
  for (let i = 0; i < dimensions; i++) range += Math.fround(boxes[high + i]! - boxes[low + i]!);
  trees.ranges[node] = range;
}
