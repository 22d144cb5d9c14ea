// A random cut of a box joined with a point: see Cut of the TypeScript engine. First `join`, then `draw`.

import { lanes, pointBytes, setLanes } from './lanes';
import { start, uniform } from './random';
import { dimensions, scratch } from './state';
import { exact, exactSum, highHalf, leastOf, lowHalf } from './sum';

export let cutDimension: i32 = 0;
export let cutValue: f32 = 0;
let range: f64 = 0;

/** False if the point is inside the box: then no cut can separate the two. */
export function join<K>(min: usize, max: usize, at: usize): bool {
  const bytes = pointBytes<K>();
  const lows = scratch + lowsAt;
  const highs = lows + max16(bytes);
  const sides = highs + max16(bytes);
  let out = i32x4.splat(0);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let least = i32x4.splat(-1);
  for (let o: usize = 0; o < bytes; o += 16) {
    const x = lanes<K>(at + o);
    const boxLow = lanes<K>(min + o);
    const boxHigh = lanes<K>(max + o);
    const joinedLow = f32x4.pmin(boxLow, x);
    const joinedHigh = f32x4.pmax(boxHigh, x);
    const side = f32x4.sub(joinedHigh, joinedLow);
    out = v128.or(out, v128.or(f32x4.ne(joinedLow, boxLow), f32x4.ne(joinedHigh, boxHigh)));
    setLanes<v128>(lows + o, joinedLow);
    setLanes<v128>(highs + o, joinedHigh);
    setLanes<v128>(sides + o, side);
    least = leastOf(least, side);
    low = f64x2.add(low, lowHalf(side));
    high = f64x2.add(high, highHalf(side));
  }
  if (!v128.any_true(out)) return false;
  range = exactSum(low, high, least);
  if (sizeof<K>() == 16 && !exact) {
    range = 0;
    for (let i = 0; i < dimensions; i++) range += <f64>load<f32>(sides + ((<usize>i) << 2));
  }
  return true;
}

/** The next double drawn says where along the sum of the sides the cut falls. */
export function draw<K>(): void {
  const bytes = max16(pointBytes<K>());
  const lows = scratch + lowsAt;
  const sides = lows + 2 * bytes;
  const factor = uniform();
  let rest = factor * range;
  for (let i = 0; i < dimensions; i++) {
    const side = load<f32>(sides + ((<usize>i) << 2));
    if (rest <= <f64>side && side > 0) {
      const place = <f32>(<f64>load<f32>(lows + ((<usize>i) << 2)) + rest);
      const high = load<f32>(lows + bytes + ((<usize>i) << 2));
      cutDimension = i;
      cutValue = place >= high ? stepBelow(high) : place;
      return;
    }
    rest -= <f64>side;
  }
  drawLast(factor, lows + bytes, sides);
}

/** Rounding can carry a factor near 1 past the last side. The library then picks the first or the last that can be cut. */
function drawLast(factor: f64, highs: usize, sides: usize): void {
  start(<u64>(factor * 4611686018427387904.0) & 0xffffffffffff);
  const first = uniform() < 0.5;
  for (let i = 0; i < dimensions; i++) {
    if (load<f32>(sides + ((<usize>i) << 2)) <= 0) continue;
    cutDimension = i;
    cutValue = stepBelow(load<f32>(highs + ((<usize>i) << 2)));
    if (first) return;
  }
}

/** The next float32 below. */
function stepBelow(value: f32): f32 {
  if (value == 0) return reinterpret<f32>(0x80000001); // the smallest denormal, negative
  return reinterpret<f32>(reinterpret<i32>(value) + (value > 0 ? -1 : 1));
}

function max16(bytes: usize): usize {
  return bytes < 16 ? 16 : bytes;
}

/** After the results of four descents. */
const lowsAt: usize = 32;
