import type { ChildProcess } from 'node:child_process';

/** Sends records to the Firehose API at `url`. True if they were acknowledged. */
export async function putRecords(url: string, stream: string, records: readonly string[]): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'Firehose_20150804.PutRecordBatch',
        authorization: 'AWS4-HMAC-SHA256 Credential=test',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: JSON.stringify({
        DeliveryStreamName: stream,
        Records: records.map((record) => ({ Data: Buffer.from(record).toString('base64') })),
      }),
    });
    await response.json();
    return response.ok;
  } catch {
    return false;
  }
}

/** Resolves with the first text that a process prints and `find` finds something in. */
export function printed(process: ChildProcess, find: (text: string) => string | undefined): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    process.stdout!.on('data', (more: string) => {
      text += more;
      const found = find(text);
      if (found !== undefined) resolve(found);
    });
    process.once('exit', () => reject(new Error(`it ended: ${text}`)));
  });
}
