// node --import: says, when the process ends, what it took. Time counts from the start of the process.
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.env.BENCH_USAGE;
process.on('exit', () => {
  const ms = performance.now();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(file, JSON.stringify({ ms, rssKiB: peakKiB(), cpuMs: (userCPUTime + systemCPUTime) / 1000 }));
});

// Linux hands maxRSS down from the process that started this one, so a small program under a large bench looks large.
function peakKiB() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}
