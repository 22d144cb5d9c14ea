// A short job in a process of its own, from a Kinesis stream to files, S3, Firehose and another stream, with checkpoints on disk, that
// kills itself (SIGKILL) at the crash point it is told. Points are numbered as they come: each change of a file or folder, each
// request that changes something, before it leaves and when its reply is there, each poll before and after. The engine knows nothing of them: they are put
// around Node's own functions before it is loaded.
import { writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { ClientRequest } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const { killAt, folder, kinesis, aws, name, rows, pointsFile } = JSON.parse(process.argv[2]);
const points = [];

function point(what) {
  points.push(what);
  if (points.length === killAt) process.kill(process.pid, 'SIGKILL');
}

/** `object[method]` is a crash point before it is called. */
function pointBefore(object, method) {
  const original = object[method];
  object[method] = function (...args) {
    point(`${method} ${typeof args[0] === 'string' ? args[0].slice(-40) : ''}`);
    return original.apply(this, args);
  };
}

for (const method of ['mkdir', 'rename', 'link', 'unlink', 'rmdir']) pointBefore(fs, method);
const handle = await fs.open('/dev/null');
for (const method of ['write', 'writeFile', 'sync', 'truncate']) pointBefore(Object.getPrototypeOf(handle), method);
await handle.close();
syncBuiltinESMExports();

// Reading goes on in the background, as often as there is time: it changes nothing, and would not be numbered alike twice.
const changes = (request) => !/\.(Get|List)/.test(request.getHeader('x-amz-target') ?? '');
const { end, emit } = ClientRequest.prototype;
ClientRequest.prototype.end = function (...args) {
  if (changes(this)) point(`request ${this.getHeader('x-amz-target') ?? this.method}`);
  return end.apply(this, args);
};
ClientRequest.prototype.emit = function (event, ...args) {
  if (event === 'response' && changes(this)) point(`reply to ${this.getHeader('x-amz-target') ?? this.method}`);
  return emit.call(this, event, ...args);
};

const { arrivalClock, run } = await import('@rowtime/core');
const { compile } = await import('@rowtime/sql');
const { kinesisSource } = await import('@rowtime/sources/kinesis');
const { fileSink } = await import('@rowtime/sinks/file');
const { s3Sink } = await import('@rowtime/sinks/s3');
const { firehoseSink } = await import('@rowtime/sinks/firehose');
const { kinesisSink } = await import('@rowtime/sinks/kinesis');
const { checkpointFiles } = await import('../../dist/checkpoint-files.js');

const access = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const inner = await kinesisSource({
  stream: 'input',
  columns: [{ name: 'i', type: { kind: 'integer' }, mapping: '$.i' }],
  start: 'TRIM_HORIZON',
  client: { ...access, endpoint: kinesis },
  now: Date.now,
  random: () => 0,
  batchRows: 10,
  intervalMs: 0,
  idleMs: 20,
  settleMs: 50,
});
let polled = 0;
/** Ends after so many rows, as a stream never does. */
const source = {
  schema: inner.schema,
  async open(position) {
    polled = position?.polled ?? 0;
    await inner.open(position?.inner ?? null);
  },
  async poll(signal) {
    point('poll');
    const poll = await inner.poll(signal);
    polled += poll.batch?.length ?? 0;
    if (poll.batch) point('polled');
    return { ...poll, end: polled >= rows };
  },
  position: () => ({ inner: inner.position(), polled }),
  close: () => inner.close(),
};

const application = compile(
  `CREATE OR REPLACE STREAM "PASSED" (i INTEGER);
   CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i" FROM "S_001";
   CREATE OR REPLACE STREAM "COUNTED" (k INTEGER, n INTEGER);
   CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM MOD("i", 3), COUNT(*) FROM "S_001"
     GROUP BY MOD("i", 3), STEP("S_001".ROWTIME BY INTERVAL '0.05' SECOND);`,
  { inputs: { S_001: source.schema }, seed: 1, now: 0 },
);
const schemaOf = (stream) => application.streams.find((one) => one.name === stream).schema;
const to = (stream, sink) => ({ stream, sink });
const cut = { bufferBytes: 300, bufferMs: 60_000 };
const passed = { ...access, stream: 'PASSED', schema: schemaOf('PASSED') };
const firehose = firehoseSink({ ...passed, deliveryStream: name, endpoint: aws, pack: 'row' });
const streams = kinesisSink({ ...passed, dataStream: name, endpoint: kinesis, callsAtOnce: 2 });
let polls = 0;
await run(
  {
    source,
    stream: 'S_001',
    clock: arrivalClock(),
    graph: application.graph(),
    sinks: [
      to('PASSED', fileSink({ ...cut, folder: join(folder, 'out'), stream: 'PASSED', schema: schemaOf('PASSED') })),
      to(
        'COUNTED',
        s3Sink({
          ...cut,
          bufferBytes: 60,
          ...access,
          endpoint: aws,
          bucket: name,
          forcePathStyle: true,
          spool: join(folder, 'spool'),
          stream: 'COUNTED',
          schema: schemaOf('COUNTED'),
          format: { type: 'PARQUET' },
        }),
      ),
      to('PASSED', firehose),
      to('PASSED', streams),
    ],
    store: checkpointFiles(join(folder, 'checkpoints')),
    checkpointDue: () => ++polls % 2 === 0,
  },
  new AbortController().signal,
);
writeFileSync(pointsFile, JSON.stringify(points));
