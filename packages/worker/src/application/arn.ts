/** The parts of an Amazon Resource Name that a client needs. */
export interface Arn {
  readonly text: string;
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** Behind the type: a stream's, function's or bucket's own name. */
  readonly name: string;
}

/** How the resource of a service is written, behind the account. */
const resourceTypes: Readonly<Record<string, string>> = {
  kinesis: 'stream/',
  firehose: 'deliverystream/',
  lambda: 'function:',
  s3: '',
};

/** `arn:aws:kinesis:us-east-1:123456789012:stream/name`; null for anything else. */
export function parseArn(text: string): Arn | null {
  const [prefix, partition, service, region, account, ...rest] = text.split(':');
  const type = service === undefined ? undefined : resourceTypes[service];
  const resource = rest.join(':');
  if (prefix !== 'arn' || !partition?.startsWith('aws') || type === undefined || !resource.startsWith(type))
    return null;
  const name = resource.slice(type.length);
  if (name === '' || (service !== 's3' && (region === '' || account === ''))) return null;
  return { text, partition, service: service!, region: region!, account: account!, name };
}

/** The ARN of a resource by its name. */
export function makeArn({ partition, service, region, account, name }: Omit<Arn, 'text'>): string {
  return `arn:${partition}:${service}:${region}:${account}:${resourceTypes[service]}${name}`;
}

export function exampleArn(service: string): string {
  const isBucket = service === 's3';
  const [region, account] = isBucket ? ['', ''] : ['us-east-1', '123456789012'];
  return makeArn({ partition: 'aws', service, region, account, name: isBucket ? 'my-bucket' : 'my-name' });
}

/** A resource named by its ARN or by its name alone: the name, and the Region if the ARN says. */
export function nameAndRegion(nameOrArn: string): { readonly name: string; readonly region: string | null } {
  const arn = parseArn(nameOrArn);
  return arn ? { name: arn.name, region: arn.region } : { name: nameOrArn, region: null };
}

/** `s3://bucket/prefix`; null for anything else. */
export function parseS3Url(url: string): { readonly bucket: string; readonly prefix: string } | null {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(url) ?? [];
  return bucket === undefined ? null : { bucket, prefix };
}

/** The stream of `kinesis:NAME`, `kinesis:ARN` or the ARN of a Kinesis data stream; null: it is something else. */
export function streamIn(name: string): string | null {
  if (name.startsWith('kinesis:')) return name.slice('kinesis:'.length);
  return parseArn(name)?.service === 'kinesis' ? name : null;
}
