/** The settings of a comparison cannot be meant. Says which one, and what would do. */
export class MirrorError extends Error {
  override readonly name = 'MirrorError';
}
