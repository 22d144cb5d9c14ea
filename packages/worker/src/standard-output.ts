/** Writes to standard output and waits while it is full, so that a slow reader slows the job. When the reader goes away
 *  (`rowtime … | head`) the rest is not written, and `onClosed` is called once. */
export function standardOutput(onClosed: () => void): (text: string) => Promise<void> {
  const { stdout } = process;
  let closed = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!closed) onClosed();
    closed = true;
  });
  return async (text) => {
    if (closed || stdout.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdout.off('drain', done).off('error', done);
        resolve();
      };
      stdout.on('drain', done).on('error', done);
    });
  };
}
