import { Hono } from 'hono';
import { prometheus } from './prometheus.ts';
import { notReady, type Status } from './status.ts';

/**
 * What a supervisor and a person ask a worker over HTTP:
 *
 *     /livez      200 while the event loop turns
 *     /readyz     200 when it does its work; 503 with the reasons when it does not
 *     /metrics    Prometheus
 *     /statusz    JSON, for `rowtime top`
 */
export function monitor(status: () => Status): Hono {
  const app = new Hono();
  app.get('/livez', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => {
    const reasons = notReady(status());
    return reasons.length === 0 ? c.text('ok\n') : c.text(`${reasons.join('\n')}\n`, 503);
  });
  const metrics = prometheus(status);
  app.get('/metrics', async (c) => c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }));
  app.get('/statusz', (c) => c.json(status()));
  return app;
}
