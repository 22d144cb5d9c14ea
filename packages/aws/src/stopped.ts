/** What a call that was told to stop trying rejects with. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
