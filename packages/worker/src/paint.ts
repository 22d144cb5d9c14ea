const codes = { bold: 1, red: 31, cyan: 36 } as const;

/** Colours a text for a terminal; leaves it alone where there is none, or NO_COLOR is set (no-color.org). */
export function painter(stream: { readonly isTTY?: boolean }): (style: keyof typeof codes, text: string) => string {
  const isColoured = stream.isTTY === true && !process.env['NO_COLOR'];
  return (style, text) => (isColoured ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}
