/** A decimal number of any size: digits × 10^exponent. `digits` neither begins nor ends with 0; zero has none. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Texts that are numbers, as CAST takes them too: JSON's, and also `+1`, `.5`, `1.` and blanks around. */
const numberText = /^[ \t\r\n]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[ \t\r\n]*$/;

/** The number inside a text, or null. */
export function numberIn(text: string): string | null {
  return numberText.exec(text)?.[1] ?? null;
}

/** Whether the number that `text` spells has no fraction: `4.0` has none, `4.0000000000000000001` has one. */
export function isWhole(text: string): boolean {
  // Up to 15 digits a double tells every decimal from every other, so it knows the answer.
  if (text.length <= 15 && !/[eE]/.test(text)) return Number.isInteger(Number(text));
  const { digits, exponent } = decimal(text);
  return digits === '' || exponent >= 0;
}

export function isZero(text: string): boolean {
  return !/^[^eE]*[1-9]/.test(text);
}

/**
 * The number rounded half away from zero to `scale` places, as the nearest double; null if more than
 * `precision - scale` digits are left of the point.
 */
export function toDecimal(text: string, precision: number, scale: number): number | null {
  const { negative, digits, exponent } = decimal(text);
  if (digits === '') return 0;
  if (digits.length + exponent > precision - scale) return null;
  const kept = digits.length + exponent + scale;
  if (kept < 0) return 0;
  let rounded = digits.slice(0, kept).padEnd(kept, '0') || '0';
  if (kept < digits.length && digits[kept] >= '5') rounded = (BigInt(rounded) + 1n).toString();
  if (rounded.length > precision) return null;
  const value = Number(`${negative ? '-' : ''}${rounded}e${-scale}`);
  return value === 0 ? 0 : value;
}

function decimal(text: string): Decimal {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const fraction = match[3] ?? '';
  const all = (match[2] + fraction).replace(/^0+/, '');
  let end = all.length;
  while (end > 0 && all.charCodeAt(end - 1) === 0x30) end--;
  return {
    negative: match[1] === '-',
    digits: all.slice(0, end),
    exponent: Number(match[4] ?? 0) - fraction.length + (all.length - end),
  };
}
