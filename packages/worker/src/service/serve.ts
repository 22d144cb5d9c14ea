import { join } from 'node:path';
import {
  type CheckpointStore,
  errorStream,
  errorStreamSchema,
  type LocalPart,
  run as runJob,
  type Schema,
  type Sink,
} from '@rowtime/core';
import { listen } from '@rowtime/sources/firehose';
import { type Application, compile, frame, SqlError } from '@rowtime/sql';
import type { Logger } from 'pino';
import type { ApiApplication } from '../application/api-schema.ts';
import { inputOf, type OutputConnection, outputsOf, processorOf, regionOf } from '../application/connections.ts';
import { readApplication } from '../application/read.ts';
import type { RowtimeSection } from '../application/rowtime-schema.ts';
import { stateFolder } from '../application/state-folder.ts';
import { checkpointFiles, checkpointsIn } from '../checkpoint-files.ts';
import { CopiedStore } from '../copy/copied-store.ts';
import { type Copy, openCopy } from '../copy/open-copy.ts';
import { durationOf } from '../duration.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { parseInputSchema } from '../input-schema.ts';
import { inputStreams } from '../input-streams.ts';
import { isLoopback } from '../loopback.ts';
import { withMetadata } from '../metadata.ts';
import { retired } from '../retired.ts';
import { clockOf, parseRowtimePolicy } from '../rowtime-policy.ts';
import { printedChange } from '../state-change.ts';
import { stopSignal } from '../stop-signal.ts';
import { applicationTables } from './application-tables.ts';
import { CheckpointFailures, tolerableDefault } from './checkpoint-failures.ts';
import { type ConnectedInput, connectInput } from './connect-input.ts';
import { connectMirror } from './connect-mirror.ts';
import { connectOutput } from './connect-output.ts';
import { emitMetrics } from './emit-metrics.ts';
import { lock } from './lock.ts';
import { createLog } from './log.ts';
import { monitor } from './monitor.ts';
import { type ObservedSink, observed } from './observed-sink.ts';
import { observe } from './observer.ts';
import { watchSpot } from './spot-notice.ts';
import type { Status } from './status.ts';

const checkpointMsDefault = 10_000;
const stopMsDefault = 90_000;
const monitorPortDefault = 9464;

export interface ServeOptions {
  /** The application. */
  readonly file: string;
  readonly version: string;
  readonly allowStateDrop: boolean;
  /** Recorded results to compare with, instead of those that the application names; null: as it says. */
  readonly mirror: string | null;
}

/** `rowtime run application.json`: what "Run application" was on AWS. Runs until it is stopped, or its input ends. */
export async function serve({ file, version, allowStateDrop, mirror }: ServeOptions): Promise<void> {
  const now = Date.now;
  // The SDK would tell the operator of every worker on Node 20 that its next year's versions want a newer one; ours is exact.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const { application, rowtime: given, warnings } = readApplication(file);
  const rowtime = {
    region: regionOf(application),
    ...given,
    ...(allowStateDrop && { allowStateDrop }),
    ...(mirror !== null && { mirror: { ...given.mirror, recorded: mirror } }),
  };
  const name = application.ApplicationName;
  const log = createLog(name);
  for (const warning of warnings) log.warn(warning);
  const state = stateFolder(file, application, rowtime);
  const held = lock(state);
  const stop = stopSignal();
  const spot = rowtime.spot ? watchForSpotNotice(log, stop.stop) : null;
  let copy: Copy | null = null;
  try {
    const { checkpointCopy: section } = rowtime;
    if (section) {
      copy = await openCopy({ section, rowtime, application: name, state, log }, stop.signal);
      if (!copy) return log.info('stopped while another worker ran this application');
    }
    await serveLocked({ file, version, now, log, state, copy, stop, application, rowtime });
  } finally {
    await copy?.close();
    spot?.release();
    stop.release();
    held.release();
  }
}

function watchForSpotNotice(log: Logger, stop: () => void): ReturnType<typeof watchSpot> {
  return watchSpot({
    onNotice: ({ action, time }) => {
      log.warn({ action, time }, 'EC2 takes this spot instance back');
      stop();
    },
    onUnknown: (reason) => log.warn({ reason }, 'a spot notice would not be seen'),
  });
}

interface Context {
  readonly file: string;
  readonly version: string;
  readonly now: () => number;
  readonly log: Logger;
  /** The folder of checkpoints and journals. */
  readonly state: string;
  /** null: they stay on this machine. */
  readonly copy: Copy | null;
  readonly stop: ReturnType<typeof stopSignal>;
  readonly application: ApiApplication;
  readonly rowtime: RowtimeSection;
}

async function serveLocked(context: Context): Promise<void> {
  const { file, now, log, state, stop, application, rowtime } = context;
  const [declared] = application.Inputs;
  if (!declared) throw new CommandError(`${file}: Inputs is empty`);
  const schema = parseInputSchema(declared.InputSchema, `${file}: Inputs[0].InputSchema`);
  const streams = inputStreams(
    { stream: null, parallelism: null },
    { namePrefix: declared.NamePrefix, parallelism: declared.InputParallelism?.Count ?? null },
  );
  const tables = await applicationTables(context);
  const columns = schema.columns.map(({ name, type }) => ({ name, type, nullable: true }));
  const compiled = compiledProgram(file, application.ApplicationCode, {
    inputs: Object.fromEntries(streams.map((stream) => [stream, columns])),
    tables,
    now: now(),
    ...(rowtime.seed !== undefined && { seed: rowtime.seed }),
  });
  const uses = streams.map((stream) => compiled.used(stream));
  const used = schema.columns.map((_, c) => uses.some((ofStream) => ofStream[c] === true));
  const policy = parseRowtimePolicy(rowtime.rowtime ?? 'arrival');
  const { clock, decoded } = clockOf(policy, schema.columns, used, now);

  // First the sinks try to deliver; after half of the time that a stop may take they leave it to the next process.
  const hurry = new AbortController();
  const outputs = await connectOutputs(context, compiled, hurry.signal);
  const graph = compiled.graph();
  const mirror = mirrorOf(context, compiled, outputs);
  if (mirror) graph.listen(mirror.stream, (batch) => mirror.shadow.take(batch));
  const metadata = compiled.streams.find(({ name }) => name === streams[0])?.metadata ?? [];
  const functionArn = processorOf(declared);
  const streamArn = (declared.KinesisStreamsInput ?? declared.KinesisFirehoseInput)?.ResourceARN ?? '';
  const input = await connectInput(inputOf(declared, rowtime), {
    name: `${file}: rowtime.inputs.${declared.NamePrefix}`,
    schema,
    used: decoded,
    metadata,
    startingPosition: declared.InputStartingPositionConfiguration?.InputStartingPosition,
    rowtime,
    hurry: hurry.signal,
    isPartitioned: streams.length > 1,
    deliveryStream: declared.KinesisFirehoseInput?.ResourceARN ?? null,
    processor: functionArn === null ? null : { functionArn, streamArn, applicationArn: arnOf(application) },
    state,
    now,
    log: (message) => log.warn(message),
  });
  const intervalMs = checkpointMs(rowtime);
  const failures = new CheckpointFailures({
    tolerable: rowtime.tolerableFailedCheckpoints ?? tolerableDefault,
    now,
    onFailed: (error, inARow, againInMs) =>
      log.error({ reason: error.message, inARow, againInMs }, 'a checkpoint could not be taken'),
  });
  const observer = observe({
    application: application.ApplicationName,
    version: context.version,
    stream: streams[0]!,
    input,
    outputs,
    mirror: mirror?.shadow ?? null,
    checkpointMs: intervalMs,
    failedCheckpoints: () => failures.total,
    copy: () => context.copy?.status() ?? null,
    now,
  });
  const store = storeOf(context, { input, outputs, hurry: hurry.signal });
  // The input listens from here on: whatever goes wrong, it is closed, or the process would not end.
  let monitoring: Awaited<ReturnType<typeof startMonitor>> | null = null;
  let metrics: Awaited<ReturnType<typeof emitMetrics>> = null;
  try {
    mirror?.shadow.start();
    monitoring = await startMonitor(rowtime, observer.status);
    metrics = await emitMetrics({ rowtime, status: observer.status, now, warn: (message) => log.warn(message) });
    log.info(
      { from: input.from, monitor: monitoring.url, state, outputs: outputs.map(({ status }) => status().stream) },
      'started',
    );
    let checkpointed = now();
    let taken = 0;
    observer.state = 'running';
    const onStop = (): void => {
      observer.state = 'stopping';
      log.info('stopping');
      setTimeout(() => hurry.abort(), stopMs(rowtime) / 2).unref();
      setTimeout(() => giveUp(log, rowtime), stopMs(rowtime)).unref();
    };
    // It may have been told while it started.
    if (stop.signal.aborted) onStop();
    else stop.signal.addEventListener('abort', onStop);
    const progress = await runJob(
      {
        source: input.source,
        stream: streams,
        clock,
        ...(!input.hasMetadata && { complete: withMetadata(metadata) }),
        graph,
        sinks: outputs.map(({ sink, status, name, about }) => ({ stream: status().stream, sink, name, about })),
        participants: input.participants,
        store,
        checkpointDue: () => {
          if (!(failures.isTimeAgain ?? now() - checkpointed >= intervalMs)) return false;
          checkpointed = now();
          return true;
        },
        allowStateDrop: rowtime.allowStateDrop === true,
        onUpgrade: (change) => log.warn(printedChange(change), 'the program was changed since the checkpoint'),
        retire: async (part) => {
          const about = part.about as AboutOutput | null;
          return retired(part, about && (() => connectSaved(context, about, hurry.signal)));
        },
        onCheckpointFailed: (error, isBlocked) => failures.failed(error, isBlocked),
        ...(rowtime.pendingBytesMax !== undefined && { pendingBytesMax: rowtime.pendingBytesMax }),
        onProgress: (current) => {
          if (current.checkpoints > taken) failures.taken();
          taken = current.checkpoints;
          observer.progress(current, checkpointed);
        },
      },
      stop.signal,
    );
    if (store instanceof CopiedStore) await store.settle();
    log.info(
      { rows: progress.rows, checkpoints: progress.checkpoints },
      stop.signal.aborted ? 'stopped' : 'the input has ended',
    );
  } finally {
    observer.state = 'stopped';
    await mirror?.shadow.close();
    await metrics?.();
    await input.close();
    await monitoring?.close();
  }
}

/** The checkpoints of this machine, and where they are copied to. */
function storeOf(
  { state, log, copy, stop, rowtime }: Context,
  { input, outputs, hurry }: { input: ConnectedInput; outputs: readonly ObservedSink[]; hurry: AbortSignal },
): CheckpointStore {
  const folder = join(state, 'checkpoints');
  const own = checkpointFiles(folder, {
    onRefused: (refused, reason) => log.warn({ file: refused, reason }, 'a checkpoint is not used'),
  });
  if (!copy) return own;
  const parts = new Map<string, LocalPart>();
  for (const { sink, status } of outputs) addPart(parts, `output ${status().stream} to ${status().to}`, sink.local);
  for (const { local } of input.participants) addPart(parts, 'input', local);
  return new CopiedStore({
    own,
    newest: async () => (await checkpointsIn(folder))[0]?.number ?? 0,
    isCopiedFirst: input.relocate !== undefined || rowtime.rowtime === 'system',
    copies: copy.copies,
    epoch: copy.lease.epoch,
    expectHeld: () => copy.lease.expectHeld(),
    parts,
    relocate: input.relocate ?? ((position) => position),
    isStopping: () => stop.signal.aborted,
    hurry,
    onRestored: ({ name }, missing) => {
      copy.markCurrent();
      log.info({ copy: name, ...(missing.length > 0 && { missing }) }, 'goes on from a copy');
    },
    onCopied: () => copy.count(null),
    onFailed: (error) => {
      copy.count(error);
      log.error({ reason: String(error) }, 'a checkpoint could not be copied');
    },
  });
}

function addPart(parts: Map<string, LocalPart>, name: string, part: LocalPart | undefined): void {
  if (!part) return;
  let own = name;
  for (let n = 2; parts.has(own); n++) own = `${name} ${n}`;
  parts.set(own, part);
}

function compiledProgram(file: string, sql: string, options: Parameters<typeof compile>[1]): Application {
  try {
    return compile(sql, options);
  } catch (error) {
    if (error instanceof SqlError)
      throw new CommandError(`${file}: ApplicationCode\n${frame(sql, error)}`, exitCodes.usage);
    throw error;
  }
}

/** What functions are told; a request of CreateApplication has none yet. */
function arnOf({ ApplicationARN }: ApiApplication): string {
  return typeof ApplicationARN === 'string' ? ApplicationARN : '';
}

/** What a checkpoint says of an output: enough to deliver what is left of it when the application has it no more. */
interface AboutOutput {
  readonly output: OutputConnection;
  readonly schema: Schema;
}

/** An output as checkpoints know it. */
interface ConnectedOutput extends ObservedSink {
  readonly name: string;
  readonly about: AboutOutput;
}

/** Rows that could not be computed are kept, whether the application has an output for them or not. */
async function connectOutputs(context: Context, compiled: Application, hurry: AbortSignal): Promise<ConnectedOutput[]> {
  const { file, application, rowtime, state, now, copy } = context;
  const declared = outputsOf(application, rowtime);
  const errors: OutputConnection = {
    stream: errorStream,
    to: { to: 'files', folder: join(state, 'errors') },
    format: 'JSON',
  };
  const wanted = declared.some(({ stream }) => stream === errorStream) ? declared : [...declared, errors];
  const known = [...compiled.streams, { name: errorStream, schema: errorStreamSchema }];
  return Promise.all(
    wanted.map(async (output) => {
      const stream = known.find(({ name }) => name === output.stream);
      if (!stream) {
        const names = known.map(({ name }) => name).join(', ');
        throw new CommandError(`${file}: output ${output.stream}: the program has no such stream; it has ${names}`);
      }
      const about: AboutOutput = { output, schema: stream.schema };
      const sink = await connectSaved(context, about, hurry);
      return {
        ...observed(output.stream, output.to.to, sink, now, () => copy?.lease.expectHeld()),
        name: outputName(output),
        about,
      };
    }),
  );
}

/** Not where files and objects go: they may be moved with the folder of the application. */
function outputName({ stream, to }: OutputConnection): string {
  const target = to.to === 'lambda' ? to.function : to.to === 'firehose' || to.to === 'kinesis' ? to.stream : undefined;
  return `${stream} to ${to.to}${target === undefined ? '' : ` ${target}`}`;
}

function connectSaved(
  { file, application, rowtime, state, log }: Context,
  { output, schema }: AboutOutput,
  hurry: AbortSignal,
): Promise<Sink> {
  return connectOutput(output, schema, {
    rowtime,
    applicationArn: arnOf(application),
    name: `${file}: output ${output.stream}`,
    state,
    hurry,
    onRetry: ({ action, resource, attempt, error }) =>
      log.warn({ action, resource, attempt, reason: String(error) }, 'retry'),
  });
}

function mirrorOf({ file, rowtime, now, log }: Context, compiled: Application, outputs: readonly ObservedSink[]) {
  if (!rowtime.mirror) return null;
  return connectMirror({
    name: `${file}: rowtime.mirror`,
    section: rowtime.mirror,
    rowtime,
    streams: compiled.streams,
    outputs: outputs.map(({ status }) => status().stream).filter((name) => name !== errorStream),
    now,
    log,
  });
}

async function startMonitor({ monitor: section = {} }: RowtimeSection, status: () => Status) {
  const { host = '127.0.0.1', port = monitorPortDefault } = section;
  if (!isLoopback(host)) process.stderr.write(`the monitor listens on ${host}: everybody who reaches it can read it\n`);
  try {
    return await listen(monitor(status), { host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new CommandError(`port ${port} is in use: name another one, "rowtime": { "monitor": { "port": <n> } }`);
  }
}

function checkpointMs({ checkpointInterval }: RowtimeSection): number {
  return checkpointInterval === undefined ? checkpointMsDefault : durationOf(checkpointInterval)!;
}

function stopMs({ stopTimeout }: RowtimeSection): number {
  return stopTimeout === undefined ? stopMsDefault : durationOf(stopTimeout)!;
}

/** A sink is down, and nobody waits for ever. What was checkpointed is safe; the next start goes on from there. */
function giveUp(log: Logger, rowtime: RowtimeSection): void {
  log.error(
    `not all was delivered within ${stopMs(rowtime) / 1_000} s of the stop; the next start goes on from the last checkpoint`,
  );
  process.exit(exitCodes.undelivered);
}
