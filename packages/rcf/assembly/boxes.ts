// Bounding boxes: minima, then maxima, a stored point's width each. A leaf's box is its point.

import { lanes, pointBytes, setLanes } from './lanes';
import { boxes, dimensions, nodeParents, nodes, none, points, ranges } from './state';
import { exact, exactSum, highHalf, leastOf, lowHalf } from './sum';

export function boxOf<K>(node: i32): usize {
  return boxes + <usize>node * (pointBytes<K>() << 1);
}

export function pointOf<K>(leaf: i32): usize {
  return points + <usize>leaf * pointBytes<K>();
}

/** How far the point lies outside the box: the sum over the dimensions, each rounded to float32. */
export function gap<K>(box: usize, at: usize): f64 {
  const bytes = pointBytes<K>();
  if (sizeof<K>() < 16) {
    const out = lowHalf(outside(lanes<K>(box), lanes<K>(box + bytes), lanes<K>(at)));
    if (sizeof<K>() == 4) return f64x2.extract_lane(out, 0);
    return f64x2.extract_lane(out, 0) + f64x2.extract_lane(out, 1);
  }
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let least = i32x4.splat(-1);
  for (let o: usize = 0; o < bytes; o += 16) {
    const out = outside(v128.load(box + o), v128.load(box + bytes + o), v128.load(at + o));
    least = leastOf(least, out);
    low = f64x2.add(low, lowHalf(out));
    high = f64x2.add(high, highHalf(out));
  }
  const sum = exactSum(low, high, least);
  return exact ? sum : gapInOrder(box, at, bytes);
}

/** Widens the boxes of `node` and its ancestors to hold the point. An ancestor that holds it already ends the climb. */
export function extendBoxes<K>(node: i32, at: usize): void {
  const bytes = pointBytes<K>();
  for (let above = node; above != none; above = load<i32>(nodeParents + ((<usize>above) << 2))) {
    const box = boxOf<K>(above);
    let grew = i32x4.splat(0);
    for (let o: usize = 0; o < bytes; o += 16) {
      const x = lanes<K>(at + o);
      const min = lanes<K>(box + o);
      const max = lanes<K>(box + bytes + o);
      const below = f32x4.pmin(min, x);
      const beyond = f32x4.pmax(max, x);
      grew = v128.or(grew, v128.or(f32x4.ne(below, min), f32x4.ne(beyond, max)));
      setLanes<K>(box + o, below);
      setLanes<K>(box + bytes + o, beyond);
    }
    if (!v128.any_true(grew)) return;
    sumRange<K>(above);
  }
}

/** Shrinks the boxes of `node` and its ancestors after a point below has gone, up to the first that stays as it was. */
export function shrinkBoxes<K>(node: i32): void {
  for (let above = node; above != none; above = load<i32>(nodeParents + ((<usize>above) << 2))) {
    if (!joinBoxes<K>(above)) return;
  }
}

/** The box around the boxes of both children. Returns whether it is another than before. */
export function joinBoxes<K>(node: i32): bool {
  const bytes = pointBytes<K>();
  const box = boxOf<K>(node);
  const left = load<i32>(nodes + ((<usize>node) << 4));
  const right = load<i32>(nodes + ((<usize>node) << 4), 4);
  const leftLow = left < 0 ? pointOf<K>(~left) : boxOf<K>(left);
  const leftHigh = left < 0 ? leftLow : leftLow + bytes;
  const rightLow = right < 0 ? pointOf<K>(~right) : boxOf<K>(right);
  const rightHigh = right < 0 ? rightLow : rightLow + bytes;
  let moved = i32x4.splat(0);
  for (let o: usize = 0; o < bytes; o += 16) {
    const min = f32x4.pmin(lanes<K>(leftLow + o), lanes<K>(rightLow + o));
    const max = f32x4.pmax(lanes<K>(leftHigh + o), lanes<K>(rightHigh + o));
    moved = v128.or(moved, v128.or(f32x4.ne(min, lanes<K>(box + o)), f32x4.ne(max, lanes<K>(box + bytes + o))));
    setLanes<K>(box + o, min);
    setLanes<K>(box + bytes + o, max);
  }
  if (!v128.any_true(moved)) return false;
  sumRange<K>(node);
  return true;
}

function outside(min: v128, max: v128, x: v128): v128 {
  return f32x4.pmax(f32x4.pmax(f32x4.sub(min, x), f32x4.sub(x, max)), f32x4.splat(0));
}

/** All that lies below the box first, then all beyond it, as the library adds. */
function gapInOrder(box: usize, at: usize, bytes: usize): f64 {
  let below: f64 = 0;
  let beyond: f64 = 0;
  for (let o: usize = 0; o < bytes; o += 4) {
    const x = load<f32>(at + o);
    const under = load<f32>(box + o) - x;
    const over = x - load<f32>(box + bytes + o);
    if (under > 0) below += <f64>under;
    if (over > 0) beyond += <f64>over;
  }
  return beyond + below;
}

/** The sides are float32, their sum is double. */
function sumRange<K>(node: i32): void {
  const bytes = pointBytes<K>();
  const box = boxOf<K>(node);
  let range: f64 = 0;
  if (sizeof<K>() < 16) {
    const sides = lowHalf(f32x4.sub(lanes<K>(box + bytes), lanes<K>(box)));
    range = f64x2.extract_lane(sides, 0);
    if (sizeof<K>() == 8) range += f64x2.extract_lane(sides, 1);
  } else {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    let least = i32x4.splat(-1);
    for (let o: usize = 0; o < bytes; o += 16) {
      const sides = f32x4.sub(v128.load(box + bytes + o), v128.load(box + o));
      least = leastOf(least, sides);
      low = f64x2.add(low, lowHalf(sides));
      high = f64x2.add(high, highHalf(sides));
    }
    range = exactSum(low, high, least);
    if (!exact) {
      range = 0;
      for (let i = 0; i < dimensions; i++) {
        range += <f64>(load<f32>(box + bytes + ((<usize>i) << 2)) - load<f32>(box + ((<usize>i) << 2)));
      }
    }
  }
  store<f64>(ranges + ((<usize>node) << 3), range);
}
