// Attributions: see Attributor of the TypeScript engine. Here all dimensions are looked at alike, and a gap has a sign:
// above 0 if the point lies above the box, below 0 if below.

import { boxOf, pointOf } from './boxes';
import { depthFound, descendFour, leafFound } from './descend';
import { lanesAtAnyWidth, pointBytes } from './lanes';
import {
  depths,
  dimensions,
  leafMasses,
  leafParents,
  logs,
  masses,
  nodeParents,
  nodes,
  roots,
  shares,
  unseen,
  width,
} from './state';
import { exact, exactSum, highHalf, leastOf, lowHalf } from './sum';

/** Of the last `measure`: how far the point lies outside the box, and the range of the two joined. */
let outside: f64 = 0;
let range: f64 = 0;

// The room at `shares`: doubles, as many as a point is wide but four at least, of each of these.
const gapsPart: usize = 0;
const highPart: usize = 1;
const lowPart: usize = 2;
const totalHighPart: usize = 3;
const totalLowPart: usize = 4;
/** Of float32: minima, then maxima. */
const shadowPart: usize = 5;

/** Leaves in `shares`, parts 3 and 4, the sums over the trees [from, to) of high and low. */
export function attributeTrees(from: i32, to: i32, at: usize): void {
  memory.fill(part(totalHighPart), 0, 2 * partBytes());
  const last = roots + ((<usize>(to - 1)) << 2);
  for (let tree = from; tree < to; tree += 4) {
    const r0 = roots + ((<usize>tree) << 2);
    const r1 = min(r0 + 4, last);
    const r2 = min(r1 + 4, last);
    const r3 = min(r2 + 4, last);
    descendFour<v128>(load<i32>(r0), load<i32>(r1), load<i32>(r2), load<i32>(r3), at, at, at, at);
    const count = min(4, to - tree);
    for (let lane = 0; lane < count; lane++) attributeTree(tree + lane, leafFound(lane), depthFound(lane), at);
  }
}

function attributeTree(tree: i32, leaf: i32, leafDepth: i32, at: usize): void {
  const mass = load<i32>(masses + ((<usize>tree) << 2));
  const end = partBytes();
  const high = part(highPart);
  const low = part(lowPart);
  let above = unseen + ((<usize>leafDepth) << 3);
  let saved = load<f64>(above);

  measure(pointOf<v128>(leaf), pointOf<v128>(leaf), at);
  const duplicate = outside == 0;
  if (duplicate) {
    const leafMass = load<i32>(leafMasses + ((<usize>leaf) << 2));
    saved =
      (1 - <f64>leafMass / <f64>(2 * mass)) * (1 / (<f64>leafDepth + load<f64>(depths + ((<usize>leafMass) << 3))));
    const share = f64x2.splat(saved / <f64>(2 * dimensions));
    for (let o: usize = 0; o < end; o += 16) {
      v128.store(high + o, share);
      v128.store(low + o, share);
    }
  } else {
    const gaps = part(gapsPart);
    for (let o: usize = 0; o < end; o += 16) {
      const gap = v128.load(gaps + o);
      const share = f64x2.div(f64x2.mul(f64x2.splat(saved), f64x2.abs(gap)), f64x2.splat(range));
      const isHigh = f64x2.gt(gap, f64x2.splat(0));
      v128.store(high + o, v128.and(share, isHigh));
      v128.store(low + o, v128.andnot(share, isHigh));
    }
  }

  let link = ~leaf;
  for (
    let node = load<i32>(leafParents + ((<usize>leaf) << 2));
    node >= 0;
    node = load<i32>(nodeParents + ((<usize>node) << 2))
  ) {
    above -= 8;
    if (duplicate) {
      const record = nodes + ((<usize>node) << 4);
      growShadow(load<i32>(record) == link ? load<i32>(record, 4) : load<i32>(record), link == ~leaf);
      link = node;
      const shadow = part(shadowPart);
      measure(shadow, shadow + (end >> 1), at);
    } else {
      const box = boxOf<v128>(node);
      measure(box, box + pointBytes<v128>(), at);
    }
    if (outside == 0) break;
    shareOut(load<f64>(above));
  }

  // A leaf that is the whole tree has met no box: its shares are right as they are.
  if (duplicate && leafDepth > 0) rescale(saved);
  const log = f64x2.splat(load<f64>(logs + ((<usize>mass) << 3)));
  const total = part(totalHighPart);
  for (let o: usize = 0; o < 2 * end; o += 16) {
    const normalised = f64x2.div(f64x2.mul(v128.load(high + o), log), f64x2.splat(ln2));
    v128.store(total + o, f64x2.add(v128.load(total + o), normalised));
  }
}

/** The chance that a cut separates the point from the box goes to the dimensions where it lies outside. */
function shareOut(here: f64): void {
  const end = partBytes();
  const gaps = part(gapsPart);
  const high = part(highPart);
  const low = part(lowPart);
  const rest = f64x2.splat(1 - outside / range);
  for (let o: usize = 0; o < end; o += 16) {
    const gap = v128.load(gaps + o);
    const share = f64x2.mul(f64x2.div(f64x2.abs(gap), f64x2.splat(range)), f64x2.splat(here));
    const isHigh = f64x2.gt(gap, f64x2.splat(0));
    v128.store(high + o, f64x2.add(f64x2.mul(v128.load(high + o), rest), v128.and(share, isHigh)));
    v128.store(low + o, f64x2.add(f64x2.mul(v128.load(low + o), rest), v128.andnot(share, isHigh)));
  }
}

/** The shares of a duplicate add up to its score. */
function rescale(saved: f64): void {
  const high = part(highPart);
  const low = part(lowPart);
  let sum: f64 = 0;
  for (let o: usize = 0; o < (<usize>dimensions) << 3; o += 8) sum += load<f64>(high + o) + load<f64>(low + o);
  const scale = f64x2.splat(saved / sum);
  for (let o: usize = 0; o < 2 * partBytes(); o += 16) v128.store(high + o, f64x2.mul(v128.load(high + o), scale));
}

/**
 * The sides are float32, as in the score; the gaps, unlike there, doubles. Such a gap is a multiple of the last bits of the
 * numbers it is the difference of, so here these decide whether the order of the sum is free: see exactSum.
 */
function measure(min: usize, max: usize, at: usize): void {
  const bytes = pointBytes<v128>();
  const gaps = part(gapsPart);
  let outLow = f64x2.splat(0);
  let outHigh = f64x2.splat(0);
  let leastNumber = i32x4.splat(-1);
  let sidesLow = f64x2.splat(0);
  let sidesHigh = f64x2.splat(0);
  let leastSide = i32x4.splat(-1);
  for (let o: usize = 0; o < bytes; o += 16) {
    const x = lanesAtAnyWidth(at + o);
    const boxLow = lanesAtAnyWidth(min + o);
    const boxHigh = lanesAtAnyWidth(max + o);
    const side = f32x4.sub(f32x4.pmax(boxHigh, x), f32x4.pmin(boxLow, x));
    const gapLow = gapOf(lowHalf(boxLow), lowHalf(boxHigh), lowHalf(x));
    const gapHigh = gapOf(highHalf(boxLow), highHalf(boxHigh), highHalf(x));
    v128.store(gaps + 2 * o, gapLow);
    v128.store(gaps + 2 * o, gapHigh, 16);
    outLow = f64x2.add(outLow, f64x2.abs(gapLow));
    outHigh = f64x2.add(outHigh, f64x2.abs(gapHigh));
    sidesLow = f64x2.add(sidesLow, lowHalf(side));
    sidesHigh = f64x2.add(sidesHigh, highHalf(side));
    leastSide = leastOf(leastSide, side);
    leastNumber = leastOf(leastNumber, f32x4.abs(x));
    leastNumber = leastOf(leastNumber, f32x4.abs(boxLow));
    leastNumber = leastOf(leastNumber, f32x4.abs(boxHigh));
  }
  outside = exactSum(outLow, outHigh, leastNumber);
  if (!exact) {
    outside = 0;
    for (let i = 0; i < dimensions; i++) outside += abs(load<f64>(gaps + ((<usize>i) << 3)));
  }
  range = exactSum(sidesLow, sidesHigh, leastSide);
  if (!exact) {
    range = 0;
    for (let o: usize = 0; o < (<usize>dimensions) << 2; o += 4) {
      const x = load<f32>(at + o);
      const low = load<f32>(min + o);
      const high = load<f32>(max + o);
      range += <f64>((x > high ? x : high) - (x < low ? x : low));
    }
  }
}

function gapOf(min: v128, max: v128, x: v128): v128 {
  const zero = f64x2.splat(0);
  return f64x2.add(f64x2.pmax(f64x2.sub(x, max), zero), f64x2.pmin(f64x2.sub(x, min), zero));
}

/** The box that a duplicate's leaf would leave behind becomes, or is joined with, that of a sibling met on the way up. */
function growShadow(sibling: i32, first: bool): void {
  const bytes = pointBytes<v128>();
  const min = part(shadowPart);
  const max = min + (partBytes() >> 1);
  const low = sibling < 0 ? pointOf<v128>(~sibling) : boxOf<v128>(sibling);
  const high = sibling < 0 ? low : low + bytes;
  for (let o: usize = 0; o < bytes; o += 16) {
    const boxLow = lanesAtAnyWidth(low + o);
    const boxHigh = lanesAtAnyWidth(high + o);
    v128.store(min + o, first ? boxLow : f32x4.pmin(boxLow, v128.load(min + o)));
    v128.store(max + o, first ? boxHigh : f32x4.pmax(boxHigh, v128.load(max + o)));
  }
}

function part(index: usize): usize {
  return shares + index * partBytes();
}

function partBytes(): usize {
  return (<usize>max(4, width)) << 3;
}

const ln2: f64 = 0.6931471805599453;
