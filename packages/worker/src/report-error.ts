import { AwsError } from '@rowtime/aws';
import { LimitError, PlanMismatch } from '@rowtime/core';
import { SinkError } from '@rowtime/sinks/file';
import { SourceError } from '@rowtime/sources/file';
import { CommandError, exitCodes } from './exit.ts';
import { linesOf, printedChange } from './state-change.ts';

/** Says on standard error why a command failed. Returns the exit code. */
export function reportError(error: unknown): number {
  const print = (text: string): void => void process.stderr.write(`rowtime: ${text}\n`);
  if (error instanceof CommandError) {
    print(error.message);
    return error.exitCode;
  }
  if (
    error instanceof SourceError ||
    error instanceof SinkError ||
    error instanceof AwsError ||
    error instanceof LimitError ||
    isSystemError(error)
  ) {
    print(error.message);
    return exitCodes.config;
  }
  if (error instanceof PlanMismatch) {
    const { change } = error;
    const hint =
      change.inputs.length > 0
        ? []
        : [
            'with --allow-state-drop it goes on without what is lost; without, run the program it belongs to, or start in an empty checkpoint folder',
          ];
    print([error.message, ...linesOf(printedChange(change)), ...hint].join('\n'));
    return exitCodes.checkpoint;
  }
  print(`this is a bug in rowtime; please report it.\n${error instanceof Error ? error.stack : String(error)}`);
  return exitCodes.bug;
}

/** A full disk, a folder one may not write: the message of the system names the path. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
