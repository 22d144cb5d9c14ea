/** Powers of ten that a double holds exactly. */
const tens = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

// @ts-ignore: decorator
@inline
export function ten(places: i32): f64 {
  return load<f64>(tens + (<usize>places << 3));
}

/** A bit for each of the 16 bytes at `at` that is a digit. */
// @ts-ignore: decorator
@inline
export function digitsAt(block: v128): i32 {
  return i8x16.bitmask(i8x16.lt_u(i8x16.sub(block, i8x16.splat(0x30)), i8x16.splat(10)));
}

/**
 * The number that `whole` digits at the start of the block spell, a point, and `places` digits more. All of it is in the
 * block: whole + places < 16.
 */
// @ts-ignore: decorator
@inline
export function mantissa(block: v128, whole: i32, places: i32): i64 {
  const iota = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  // Digits to the right end, without the point; a lane from before the number becomes 0.
  const from = i8x16.add(
    i8x16.add(iota, i8x16.splat(<i8>(whole + places - 15))),
    i8x16.lt_s(iota, i8x16.splat(<i8>(16 - places))),
  );
  const digits = i8x16.swizzle(i8x16.sub(block, i8x16.splat(0x30)), from);
  const twos = i16x8.add(
    i16x8.mul(v128.and(digits, i16x8.splat(0xff)), i16x8.splat(10)),
    i16x8.shr_u(digits, 8),
  );
  const fours = i32x4.dot_i16x8_s(twos, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
  return <i64>i32x4.extract_lane(eights, 0) * 100000000 + <i64>i32x4.extract_lane(eights, 1);
}

/**
 * (number × shift + rest) / divisor as the nearest double; NaN when in doubt. src/decode/templates.ts has the same and
 * says why.
 */
export function quotient(number: f64, shift: f64, rest: f64, divisor: f64): f64 {
  const short = number * shift + rest;
  if (short <= 9007199254740991) return short / divisor;
  const product = number * shift;
  const high = product + rest;
  const low = productError(number, shift, product) + (rest - (high - product));
  const estimate = high / divisor;
  const back = estimate * divisor;
  const correction = (high - back - productError(estimate, divisor, back) + low) / divisor;
  const doubt = Math.abs(correction) * 9.094947017729282e-13; // 2^-40
  const least = estimate + (correction - doubt);
  const most = estimate + (correction + doubt);
  return least == most ? least : NaN;
}

// @ts-ignore: decorator
@inline
function productError(a: f64, b: f64, product: f64): f64 {
  const aScaled = a * 134217729.0;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = b * 134217729.0;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

// @ts-ignore: decorator
@inline
function digit(at: usize): u32 {
  return <u32>load<u8>(at) - 0x30;
}

/** Where the JSON number at `from` ends; 0: it is none. */
export function numberEnd(from: usize): usize {
  let at = from;
  if (load<u8>(at) == 0x2d) at++;
  if (load<u8>(at) == 0x30) at++;
  else {
    if (digit(at) > 9) return 0;
    while (digit(at) <= 9) at++;
  }
  if (load<u8>(at) == 0x2e) {
    if (digit(++at) > 9) return 0;
    while (digit(at) <= 9) at++;
  }
  if ((load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at++;
    if (digit(at) > 9) return 0;
    while (digit(at) <= 9) at++;
  }
  return at;
}

/** Where `longNumber` ends. */
export let longNumberEnd: usize = 0;
export let longNumberPlaces: i32 = 0;
export let longNumberIsRounded: bool = false;

/**
 * The number of more than 15 digits at `from`, as the nearest double; NaN when in doubt. `block` is its first 16 bytes:
 * `whole` digits, a point and 15 - whole digits more, which are one exact number; those behind them are another.
 */
export function longNumber(block: v128, from: usize, whole: i32): f64 {
  let at = from + 16;
  let rest: f64 = 0;
  for (; digit(at) <= 9; at++) rest = rest * 10 + <f64>digit(at);
  const restDigits = <i32>(at - from) - 16;
  if (restDigits > 4) return NaN;
  const number = <f64>mantissa(block, whole, 15 - whole);
  const places = 15 - whole + restDigits;
  longNumberEnd = at;
  longNumberPlaces = places;
  longNumberIsRounded = restDigits > 0;
  return restDigits > 0 ? quotient(number, ten(restDigits), rest, ten(places)) : number / ten(places);
}
