import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import {
  type InvokeServer,
  type ServerProcess,
  startInvokeServer,
  startKinesalite,
  startTestServer,
  type TestServer,
} from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { printed, putRecords } from './put-records.ts';
import { type Finished, rowsIn, rowtime } from './rowtime.ts';

// Whole applications as .slt files: the service runs over real wire protocols, and what it delivers is compared. The file
// format is that of packages/sql/test/slt.ts (records with blank lines between them; cells have two blanks or more between
// them); the records are
//
//     application                     its JSON; the runner adds endpoints, state folder and intervals
//     stream NAME SHARDS              a Kinesis data stream is made
//     delivery NAME                   a Firehose delivery stream is made
//     object s3://BUCKET/KEY          an object of S3: its text
//     function NAME                   a Lambda function. A line: the data of a record, then for the first, second … time that it
//                                     comes the result, and a colon and data. Others are Ok.
//     fault SERVICE OPERATION TIMES STATUS CODE        the next calls fail
//     records                         for `expect discover`
//     put kinesis NAME                records, one a line
//     put firehose NAME               … to the worker, which is the delivery stream
//     run                             the service starts
//     stop                            SIGTERM; exit code 0
//
//     expect kinesis NAME             the records of a stream, shard after shard; \n as JSON writes it
//     ----
//     {"I":1}\n
//
//     expect firehose NAME            what a delivery stream accepted
//     expect lambda NAME              the data of the records that a function took (Ok)
//     expect files STREAM COLUMN …    rows in files, of outputs with folder "out", sorted: names of one second have no order
//     expect log LEVEL                the messages of the log
//     expect metrics NAME …           CloudWatch metrics: name, dimensions but Application, value
//     expect discover                 the columns that are discovered in `records`
//     expect check                    what `rowtime check` says
//
// Expectations are waited for; what comes too often is seen by the one after `stop`.

export interface Services {
  readonly aws: TestServer;
  readonly kinesalite: ServerProcess;
  readonly kinesis: KinesisClient;
  readonly firehose: FirehoseClient;
  close(): Promise<void>;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';

export async function startServices(): Promise<Services> {
  const [aws, kinesalite] = await Promise.all([startTestServer(), startKinesalite()]);
  const endpoint = kinesalite.url;
  const kinesis = new KinesisClient({ region, endpoint, credentials, requestHandler: new NodeHttpHandler() });
  const firehose = new FirehoseClient({ region, endpoint: aws.url, credentials });
  return {
    aws,
    kinesalite,
    kinesis,
    firehose,
    async close() {
      kinesis.destroy();
      firehose.destroy();
      await Promise.all([aws.close(), kinesalite.close()]);
    },
  };
}

interface FunctionEvent {
  readonly records: readonly { readonly recordId: string; readonly data: string }[];
}

/** One file's application and what belongs to it. */
export class ApplicationCase {
  readonly #services: Services;
  readonly #folder: string;
  readonly #functions = new Map<string, Map<string, string[]>>();
  readonly #taken = new Map<string, string[]>();
  #lambda: InvokeServer | null = null;
  #running: { readonly process: ChildProcess; readonly finished: Promise<Finished> } | null = null;
  #puts = '';
  #stdout = '';

  constructor(services: Services, folder: string) {
    this.#services = services;
    this.#folder = folder;
  }

  /** Does what a record says that expects nothing. */
  async perform([command = '', ...words]: readonly string[], body: readonly string[]): Promise<void> {
    const [first = '', second = ''] = words;
    switch (command) {
      case 'application':
        return this.#write(JSON.parse(body.join('\n')));
      case 'stream':
        return this.#createStream(first, Number(second || '1'));
      case 'delivery':
        return this.#createDelivery(first);
      case 'object':
        return this.#object(first, body.join('\n'));
      case 'function':
        return this.#answer(first, body);
      case 'fault':
        return this.#fail(words);
      case 'records':
        return writeFileSync(join(this.#folder, 'records.json'), body.join('\n'));
      case 'put':
        return first === 'kinesis' ? this.#putKinesis(second, body) : this.#putFirehose(second, body);
      case 'run':
        return this.#run();
      case 'stop':
        return this.#stop();
      default:
        throw new Error(`there is no record ${command}`);
    }
  }

  /** What there is now to be compared with an expectation. */
  async look([, what = '', ...names]: readonly string[]): Promise<string[]> {
    const [name = ''] = names;
    switch (what) {
      case 'kinesis':
        return this.#recordsOf(name);
      case 'firehose':
        return this.#services.aws.firehose.ledger(name).entries.map(({ data }) => shown(data.toString()));
      case 'lambda':
        return (this.#taken.get(name) ?? []).map(shown);
      case 'files':
        return rowsIn(join(this.#folder, 'out'), name)
          .map((row) =>
            names
              .slice(1)
              .map((column) => row[column])
              .join('  '),
          )
          .sort();
      case 'log':
        return this.#lines().flatMap(({ level, msg }) => (level === name ? [String(msg)] : []));
      case 'metrics':
        return this.#metrics(names);
      case 'discover':
        return this.#discover();
      case 'check': {
        const { stdout, stderr } = await rowtime('check', this.#file).finished;
        return `${stdout}${stderr}`.trim().replaceAll(this.#file, 'application.json').split('\n');
      }
      default:
        throw new Error(`nothing is known of expect ${what}`);
    }
  }

  async close(): Promise<void> {
    if (this.#running) {
      this.#running.process.kill('SIGKILL');
      await this.#running.finished;
    }
    await this.#lambda?.close();
    this.#services.aws.setFaults(null);
  }

  get #file(): string {
    return join(this.#folder, 'application.json');
  }

  #write(application: { readonly rowtime?: Record<string, object> }): void {
    const { aws, kinesalite } = this.#services;
    const section = application.rowtime ?? {};
    const withFolders = (settings: Record<string, { folder?: string; bucket?: string }>) =>
      Object.fromEntries(
        Object.entries(settings).map(([key, one]) => [
          key,
          { ...one, ...(one.folder !== undefined && { folder: join(this.#folder, one.folder) }) },
        ]),
      );
    const rowtimeSection = {
      checkpointInterval: '50ms',
      monitor: { port: 0 },
      metrics: { emf: true },
      endpoints: { kinesis: kinesalite.url, firehose: aws.url, s3: aws.url, lambda: this.#lambda?.url },
      ...section,
      ...(section['outputs'] && { outputs: withFolders(section['outputs'] as never) }),
    };
    writeFileSync(this.#file, JSON.stringify({ ...application, rowtime: rowtimeSection }, null, 2));
  }

  async #createStream(StreamName: string, ShardCount: number): Promise<void> {
    const { kinesis } = this.#services;
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
    for (;;) {
      const { StreamDescriptionSummary: summary } = await kinesis.send(
        new DescribeStreamSummaryCommand({ StreamName }),
      );
      if (summary?.StreamStatus === 'ACTIVE') return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #createDelivery(DeliveryStreamName: string): Promise<void> {
    const { aws, firehose } = this.#services;
    if (!aws.s3.buckets.includes('landing')) aws.s3.createBucket('landing');
    const ExtendedS3DestinationConfiguration = {
      BucketARN: 'arn:aws:s3:::landing',
      RoleARN: 'arn:aws:iam::123456789012:role/firehose',
    };
    await firehose.send(new CreateDeliveryStreamCommand({ DeliveryStreamName, ExtendedS3DestinationConfiguration }));
  }

  #object(address: string, text: string): void {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
    const { s3 } = this.#services.aws;
    if (!s3.buckets.includes(bucket)) s3.createBucket(bucket);
    s3.put(bucket, key, Buffer.from(`${text}\n`));
  }

  async #answer(name: string, body: readonly string[]): Promise<void> {
    this.#functions.set(name, new Map(body.map(cells).map(([data = '', ...answers]) => [data, answers])));
    this.#lambda ??= await startInvokeServer<FunctionEvent>((called, { records }) => ({
      answer: { records: records.map((record) => this.#invoke(called.split(':')[6] ?? called, record)) },
    }));
  }

  #invoke(name: string, { recordId, data }: FunctionEvent['records'][number]): object {
    const text = Buffer.from(data, 'base64').toString();
    const answers = this.#functions.get(name)?.get(text.trim());
    const [result = 'Ok', given = text] = (answers?.shift() ?? 'Ok').split(/:(.*)/s);
    if (result === 'Ok') this.#taken.set(name, [...(this.#taken.get(name) ?? []), text]);
    return { recordId, result, data: Buffer.from(given).toString('base64') };
  }

  #fail([service, operation, times, status, code]: readonly string[]): void {
    let left = Number(times);
    this.#services.aws.setFaults((call) =>
      call.service === service && call.operation === operation && left-- > 0
        ? { kind: 'error', status: Number(status), code: code ?? '' }
        : null,
    );
  }

  async #putKinesis(StreamName: string, body: readonly string[]): Promise<void> {
    for (const record of body) {
      const Records = [{ Data: Buffer.from(record), PartitionKey: record }];
      await this.#services.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    }
  }

  async #putFirehose(name: string, body: readonly string[]): Promise<void> {
    if (!(await putRecords(this.#puts, name, body))) throw new Error(`${name} did not acknowledge`);
  }

  async #recordsOf(StreamName: string): Promise<string[]> {
    const { kinesis } = this.#services;
    const texts: string[] = [];
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
    for (const { ShardId } of Shards) {
      const { ShardIterator } = await kinesis.send(
        new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
      );
      const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      texts.push(...Records.map(({ Data }) => Buffer.from(Data!).toString()));
    }
    return texts.map(shown);
  }

  async #run(): Promise<void> {
    this.#running = rowtime('run', this.#file);
    this.#running.process.stdout!.on('data', (text: string) => {
      this.#stdout += text;
    });
    const line = await printed(this.#running.process, (text) =>
      text.split('\n').find((one) => one.includes('"msg":"started"')),
    );
    this.#puts = String(JSON.parse(line).from).split(' ')[0] ?? '';
  }

  async #stop(): Promise<void> {
    this.#running?.process.kill('SIGTERM');
    const finished = await this.#running?.finished;
    this.#running = null;
    if (finished?.code !== 0) throw new Error(`exit code ${finished?.code}: ${finished?.stdout}${finished?.stderr}`);
  }

  #lines(): Record<string, unknown>[] {
    return this.#stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  }

  #metrics(names: readonly string[]): string[] {
    return this.#lines().flatMap((line) => {
      const emf = line['_aws'] as { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] };
      return (emf?.CloudWatchMetrics ?? []).flatMap(({ Dimensions: [dimensions = []], Metrics }) => {
        const of = dimensions.filter((one) => one !== 'Application').map((one) => `${one}=${line[one]}`);
        return Metrics.filter(({ Name }) => names.includes(Name)).map(({ Name }) =>
          [Name, of.join(' ') || '-', line[Name]].join('  '),
        );
      });
    });
  }

  async #discover(): Promise<string[]> {
    const file = join(this.#folder, 'records.json');
    const { stdout } = await rowtime('discover', file).finished;
    const { RecordColumns } = JSON.parse(stdout);
    return RecordColumns.map(({ Name, SqlType, Mapping }: Record<string, string>) =>
      [Name, SqlType, Mapping].join('  '),
    );
  }
}

/** The cells of a line: two blanks or more between them. */
export function cells(line: string): string[] {
  return line.split(/ {2,}/);
}

function shown(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
}
