import type { ApiApplication } from './api-schema.ts';
import { type Arn, parseArn } from './arn.ts';
import type { InputSection, OutputSection, RowtimeSection } from './rowtime-schema.ts';

/** How the records of an input reach the worker: what the `rowtime` section says, with the ARN of the application where it
 *  names no stream. A Kinesis stream is read; a delivery stream cannot be, so the worker is one itself. */
export function inputOf(input: ApiApplication['Inputs'][number], { inputs = {} }: RowtimeSection): InputSection {
  const section = inputs[input.NamePrefix];
  const arn = input.KinesisStreamsInput?.ResourceARN;
  if (!section) return arn === undefined ? { from: 'directPut' } : { from: 'kinesis', stream: arn };
  return section.from === 'kinesis' && arn !== undefined ? { stream: arn, ...section } : section;
}

/** The ARN of the function that changes the records of an input before they are decoded; null: there is none. */
export function processorOf({ InputProcessingConfiguration: processing }: ApiApplication['Inputs'][number]) {
  return processing?.InputLambdaProcessor.ResourceARN ?? null;
}

/** Inputs with a function that changes their records, and with records that come so that rowtime calls none. */
export function unprocessable(application: ApiApplication | null, rowtime: RowtimeSection) {
  return (application?.Inputs ?? []).flatMap((input, i) => {
    const { from } = inputOf(input, rowtime);
    if (processorOf(input) === null || (from !== 's3' && from !== 'files')) return [];
    const fix = `say from "kinesis", "directPut" or "httpEndpoint", or take it out and give records as the function leaves them`;
    const message = `names a function, and with "from": "${from}" in rowtime.inputs.${input.NamePrefix} none is called; ${fix}`;
    return [{ path: ['Inputs', i, 'InputProcessingConfiguration'], message }];
  });
}

/** The ARNs of the streams and functions that an application names. */
export function arnsOf({ Inputs, Outputs }: ApiApplication): Arn[] {
  return [
    ...Inputs.flatMap((it) => [it.KinesisStreamsInput, it.KinesisFirehoseInput]),
    ...Outputs.flatMap((it) => [it.KinesisFirehoseOutput, it.KinesisStreamsOutput, it.LambdaOutput]),
  ].flatMap((it) => {
    const arn = it && parseArn(it.ResourceARN);
    return arn ? [arn] : [];
  });
}

/** The Region in which an application is. */
export function regionOf(application: ApiApplication): string | undefined {
  return arnsOf(application)[0]?.region;
}

/** Rows of `stream` go to `to`; as JSON, or as CSV. */
export interface OutputConnection {
  readonly stream: string;
  readonly to: OutputSection;
  readonly format: 'JSON' | 'CSV';
}

/** Where rows go: what the `rowtime` section says of a stream, else the outputs of the application. */
export function outputsOf(application: ApiApplication, { outputs = {} }: RowtimeSection): OutputConnection[] {
  const declared = application.Outputs.map((output) => ({ output, to: destinationOf(output) }));
  const own = Object.entries(outputs).flatMap(([stream, sections]) => {
    const known = declared.find(({ output }) => output.Name === stream);
    const format = known?.output.DestinationSchema.RecordFormatType ?? 'JSON';
    // The same kind of destination: what the section does not say is as declared.
    return [sections]
      .flat()
      .map((to) => ({ stream, to: known?.to.to === to.to ? ({ ...known.to, ...to } as OutputSection) : to, format }));
  });
  const rest = declared
    .filter(({ output }) => !(output.Name in outputs))
    .map(({ output, to }) => ({ stream: output.Name, to, format: output.DestinationSchema.RecordFormatType }));
  return [...own, ...rest];
}

function destinationOf(output: ApiApplication['Outputs'][number]): OutputSection {
  const { KinesisFirehoseOutput: firehose, KinesisStreamsOutput: kinesis, LambdaOutput: lambda } = output;
  if (firehose) return { to: 'firehose', stream: firehose.ResourceARN };
  if (kinesis) return { to: 'kinesis', stream: kinesis.ResourceARN };
  return { to: 'lambda', function: lambda!.ResourceARN };
}
