import { LostReply } from '@rowtime/aws';
import type { Outcome } from '../processor.ts';

/** A function threw, timed out, or gave back what is no answer: the call is made again. */
export class FunctionFailed extends LostReply {
  override readonly name = 'FunctionFailed';
}

export interface Answer {
  /** Of the records that were sent, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Ids in the answer that were not sent. */
  readonly strays: readonly string[];
}

/** What a function answered for the records of these ids. Throws FunctionFailed if it is no answer at all. */
export function outcomesOf(text: string, ids: readonly string[]): Answer {
  const answers = new Map<string, Answered | 'twice'>();
  for (const record of recordsOf(text)) {
    const { recordId, ...rest } = (record ?? {}) as Answered & { recordId?: unknown };
    if (typeof recordId !== 'string') continue;
    answers.set(recordId, answers.has(recordId) ? 'twice' : rest);
  }
  const outcomes = ids.map((id) => outcomeOf(answers.get(id)));
  for (const id of ids) answers.delete(id);
  return { outcomes, strays: [...answers.keys()] };
}

interface Answered {
  readonly result?: unknown;
  readonly data?: unknown;
}

function recordsOf(text: string): readonly unknown[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new FunctionFailed(`it answered with what is no JSON: ${text.slice(0, 500)}`);
  }
  const { records } = (answer ?? {}) as { records?: unknown };
  if (Array.isArray(records)) return records;
  throw new FunctionFailed(`it answered without { records: [{ recordId, result, data }] }: ${text.slice(0, 500)}`);
}

function outcomeOf(answered: Answered | 'twice' | undefined): Outcome {
  if (answered === undefined) return rejected('the function did not answer for the record');
  if (answered === 'twice') return rejected('the function answered twice for the record');
  const { result, data } = answered;
  switch (result) {
    case 'Ok': {
      const bytes = typeof data === 'string' ? fromBase64(data) : null;
      return bytes ? { result, data: bytes } : rejected('the function answered Ok, with data that is not base64 text');
    }
    case 'Dropped':
      return { result };
    case 'ProcessingFailed':
      return rejected('the function answered ProcessingFailed');
    default:
      return rejected(
        `the function answered with result ${JSON.stringify(result)}: expected Ok, Dropped or ProcessingFailed`,
      );
  }
}

export function rejected(message: string): Outcome {
  return { name: 'ProcessingFailed', message, result: 'Rejected' };
}

/** Line ends in between are passed over, as MIME has them: some languages write them by default. */
function fromBase64(text: string): Uint8Array | null {
  const compact = text.replace(/[\r\n]+/g, '');
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(compact) && compact.replace(/=+$/, '').length % 4 !== 1;
  return isBase64 ? Buffer.from(compact, 'base64') : null;
}
