import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

/** Names of fields whose values are never written, wherever they stand. */
const secrets = ['accessKey', 'secretAccessKey', 'sessionToken', 'password', 'authorization', 'token'];

/** The log of a service: a JSON object a line, on standard output. */
export function createLog(application: string, level = 'info', to?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { app: application },
      messageKey: 'msg',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    },
    // Synchronous: nothing is lost when the process ends.
    to ?? pino.destination({ dest: 1, sync: true }),
  );
}
