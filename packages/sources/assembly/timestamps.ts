/** Where `timestamp` ends, behind the quote. */
export let timestampEnd: usize = 0;

/** The milliseconds that the string at `from` spells, as src/decode/templates.ts reads it; NaN: look closer. */
export function timestamp(from: usize): f64 {
  const at = from + 1;
  const between = load<u8>(at, 10);
  if (
    load<u8>(from) != 0x22 ||
    load<u8>(at, 4) != 0x2d ||
    load<u8>(at, 7) != 0x2d ||
    (between != 0x20 && between != 0x54) ||
    load<u8>(at, 13) != 0x3a ||
    load<u8>(at, 16) != 0x3a
  ) {
    return NaN;
  }
  const century = twoDigits(at);
  const ofCentury = twoDigits(at + 2);
  const month = twoDigits(at + 5);
  const day = twoDigits(at + 8);
  const hours = twoDigits(at + 11);
  const minutes = twoDigits(at + 14);
  const seconds = twoDigits(at + 17);
  if ((century | ofCentury | month | day | hours | minutes | seconds) < 0) return NaN;
  const year = century * 100 + ofCentury;
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return NaN;
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  let millis: i32 = 0;
  let p = at + 19;
  if (load<u8>(p) == 0x2e) {
    let scale: i32 = 100;
    let digit = <u32>load<u8>(++p) - 0x30;
    if (digit > 9) return NaN;
    for (; digit <= 9; digit = <u32>load<u8>(++p) - 0x30) {
      millis += <i32>digit * scale;
      scale /= 10;
    }
  }
  if (load<u8>(p) == 0x5a) p++;
  if (load<u8>(p) != 0x22) return NaN;
  timestampEnd = p + 1;
  // Hinnant, "chrono-Compatible Low-Level Date Algorithms"; 400 years are added so that no year is negative.
  const y = year + 400 - (month <= 2 ? 1 : 0);
  const era = y / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  const days = (era - 1) * 146097 + dayOfEra - 719468;
  return <f64>days * 86400000 + <f64>(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis);
}

/** Below 0: they are no digits. */
// @ts-ignore: decorator
@inline
function twoDigits(at: usize): i32 {
  const tens = <u32>load<u8>(at) - 0x30;
  const ones = <u32>load<u8>(at, 1) - 0x30;
  return tens <= 9 && ones <= 9 ? <i32>(tens * 10 + ones) : -1;
}

// @ts-ignore: decorator
@inline
function daysOfMonth(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}
