import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { ProcessStatus } from './status.ts';

/** Measures this process; each call says what was since the one before. */
export function processStatus(): () => ProcessStatus {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let cpu = process.cpuUsage();
  let at = process.hrtime.bigint();
  return () => {
    const used = process.cpuUsage(cpu);
    const now = process.hrtime.bigint();
    const micros = Number(now - at) / 1_000;
    cpu = process.cpuUsage();
    at = now;
    const lag = Number.isFinite(delay.max) ? Math.max(0, delay.max / 1e6 - 20) : 0;
    delay.reset();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      pid: process.pid,
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      cpuPercent: micros > 0 ? Math.round(((used.user + used.system) / micros) * 1_000) / 10 : 0,
      eventLoopLagMs: Math.round(lag * 10) / 10,
    };
  };
}
