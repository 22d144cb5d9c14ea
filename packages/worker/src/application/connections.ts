import type { ApiApplication } from './api-schema.ts';
import type { InputSection, OutputSection, RowtimeSection } from './rowtime-schema.ts';

/** How the records of an input reach the worker: what the `rowtime` section says, with the ARN of the application where it
 *  names no stream. A Kinesis stream is read; a delivery stream cannot be, so the worker is one itself. */
export function inputOf(input: ApiApplication['Inputs'][number], { inputs = {} }: RowtimeSection): InputSection {
  const section = inputs[input.NamePrefix];
  const arn = input.KinesisStreamsInput?.ResourceARN;
  if (!section) return arn === undefined ? { from: 'directPut' } : { from: 'kinesis', stream: arn };
  return section.from === 'kinesis' && arn !== undefined ? { stream: arn, ...section } : section;
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
