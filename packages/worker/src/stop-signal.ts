/** Aborts on SIGINT and SIGTERM, so that a job stops between two batches, at a checkpoint. A second signal ends the
 *  process at once. */
export function stopSignal(): { readonly signal: AbortSignal; stop(): void; release(): void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    stop,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
