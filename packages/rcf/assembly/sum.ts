/**
 * Adds up numbers that are not negative, float32 in, double out, as if from the first to the last: the library's bits
 * depend on that order, vectors on another.
 *
 * The order is free where every partial sum is exact. A float32 is a multiple of 2^-23 of its power of two, so if no number
 * but 0 is below 2^-29 of the sum, all of them are multiples of 2^-52 of the sum's power of two, and nothing is rounded.
 * That holds nearly always; otherwise `exactSum` says so, and the caller adds in order.
 */
export let exact: bool = false;

/** One vector more. `least` starts as all ones, and keeps the bits, less one, of the least number that is not 0. */
export function leastOf(least: v128, numbers: v128): v128 {
  return i32x4.min_u(least, i32x4.sub(numbers, i32x4.splat(1)));
}

export function lowHalf(numbers: v128): v128 {
  return f64x2.promote_low_f32x4(numbers);
}

export function highHalf(numbers: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(numbers, numbers, 1, 1));
}

export function exactSum(low: v128, high: v128, least: v128): f64 {
  const both = f64x2.add(low, high);
  const sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  // Twice the bound, so that its own rounding does no harm.
  const bound = reinterpret<i32>(<f32>(sum * (1.0 / 268435456.0)));
  exact = i32x4.all_true(i32x4.ge_u(least, i32x4.splat(bound)));
  return sum;
}
