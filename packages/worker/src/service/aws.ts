import type { RowtimeSection } from '../application/rowtime-schema.ts';

type Service = 'kinesis' | 'firehose' | 's3' | 'lambda' | 'cloudwatch';

/** Where a service is. `region`: what the ARN says; a bucket's says nothing, and is then in that of the application. The rest
 *  comes from the SDK's own chain. */
export function connection(
  { region: own, endpoints = {} }: RowtimeSection,
  service: Service,
  region: string | null,
): { readonly region?: string; readonly endpoint?: string } {
  const place = region ?? own ?? undefined;
  const endpoint = endpoints[service];
  return { ...(place !== undefined && { region: place }), ...(endpoint !== undefined && { endpoint }) };
}

/** A bucket of that place. Other stores than AWS's have paths instead of host names. */
export function bucketConnection(rowtime: RowtimeSection) {
  return { ...connection(rowtime, 's3', null), forcePathStyle: rowtime.endpoints?.s3 !== undefined };
}
