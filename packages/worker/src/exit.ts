/** How the process ends; printed by `rowtime --help`. */
export const exitCodes = {
  done: 0,
  /** What was compared differs, as diff says it: `fmt --check`, `mirror`. */
  differs: 1,
  /** A mistake in the SQL or the command line. */
  usage: 2,
  /** A file, folder or setting that has to be mended. */
  config: 3,
  /** A checkpoint that cannot be used with this program. */
  checkpoint: 4,
  /** Told to stop, and not all was delivered in time: the next start goes on. */
  undelivered: 5,
  /** Another worker runs the application, or may do so by now. */
  fenced: 6,
  /** A bug of rowtime. */
  bug: 70,
  /** Stopped before there was a result, as a shell says it of SIGINT: `mirror`. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A mistake that the person at the terminal can mend: printed without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.config) {
    super(message);
    this.exitCode = exitCode;
  }
}
