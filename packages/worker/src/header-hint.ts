/** What to know when the names of discovered columns come from the first row. */
export const headerHint =
  'The first row looks like the names of the columns. A program reads it as a row like any other, as on the service: where its words do not fit, it goes to error_stream. Cut it off (tail -n +2) if that is not wanted.';
