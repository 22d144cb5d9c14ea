/** What an error of an SDK v3 client, or of the network under it, says of itself. */
export interface Facts {
  readonly name: string;
  readonly message: string;
  /** Of HTTP; 0 if there was no reply. */
  readonly status: number;
  /** Of the system call that failed, or ''. */
  readonly code: string;
  /** It was read out of a reply, which came whole. */
  readonly isSaid: boolean;
}

export function facts(error: unknown): Facts {
  if (!(error instanceof Error)) return { message: String(error), name: 'Error', status: 0, code: '', isSaid: false };
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  // For a name it does not know the SDK takes the status: "301".
  return {
    name: error.name,
    message: error.message,
    status: $metadata?.httpStatusCode ?? 0,
    code: typeof code === 'string' ? code : '',
    isSaid: '$fault' in error,
  };
}

/** The HTTP status of the reply; 0 if there was none. */
export function errorStatus(error: unknown): number {
  return facts(error).status;
}

/** The name that the service, or the client, gave the error. */
export function errorName(error: unknown): string {
  return facts(error).name;
}
