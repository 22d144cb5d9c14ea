import { printXml } from '../xml.ts';

/** An answer of S3 that is an error. */
export class S3Fault extends Error {
  readonly status: number;
  readonly code: string;
  /** More elements of the reply: the region of a bucket. */
  readonly more: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, more: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }

  body(resource: string): string {
    const more = Object.entries(this.more).map(([name, text]) => [name, text] as const);
    return printXml([
      'Error',
      [['Code', this.code], ['Message', this.message], ...more, ['Resource', resource], ['RequestId', 'test']],
    ]).replace(/ xmlns="[^"]*"/, '');
  }
}
