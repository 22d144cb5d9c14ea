// Code that depends on the number of dimensions is generic in K, a type as wide as what it works on: f32 for points of
// one number, f64 for two (8 bytes), v128 for all others, four numbers at a time.

import { width } from './state';

/** Bytes of a stored point. */
export function pointBytes<K>(): usize {
  if (sizeof<K>() < 16) return sizeof<K>();
  return (<usize>width) << 2;
}

/** The numbers at an address, as many as K holds; the other lanes are 0. */
export function lanes<K>(at: usize): v128 {
  if (sizeof<K>() == 4) return v128.load32_zero(at);
  if (sizeof<K>() == 8) return v128.load64_zero(at);
  return v128.load(at);
}

export function setLanes<K>(at: usize, numbers: v128): void {
  if (sizeof<K>() == 4) v128.store32_lane(at, numbers, 0);
  else if (sizeof<K>() == 8) v128.store64_lane(at, numbers, 0);
  else v128.store(at, numbers);
}

/** `lanes`, where K is not known: for what need not be as fast. */
export function lanesAtAnyWidth(at: usize): v128 {
  if (width == 1) return lanes<f32>(at);
  if (width == 2) return lanes<f64>(at);
  return lanes<v128>(at);
}
