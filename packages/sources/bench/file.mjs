// How fast does the file source go? After a build: `node packages/sources/bench/file.mjs file…` (plain or gzip).
import { fileSource } from '../dist/file.js';

for (let pass = 0; pass < 5; pass++) {
  const start = process.hrtime.bigint();
  const source = await fileSource({ input: process.argv.slice(2) });
  source.use(source.columns.map((_, c) => c > 0));
  await source.open(null);
  let rows = 0;
  for (let end = false; !end; ) {
    const poll = await source.poll(new AbortController().signal);
    rows += poll.batch?.length ?? 0;
    end = poll.end;
  }
  await source.close();
  const nanos = Number(process.hrtime.bigint() - start);
  const megabytes = Math.round(process.memoryUsage().rss / 1e6);
  console.log(`${(nanos / rows).toFixed(0)} ns/row, ${rows} rows, ${megabytes} MB resident`);
}
