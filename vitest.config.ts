import { defineConfig } from 'vitest/config';

// The condition makes workspace packages resolve to their sources, so that a test never reads a stale build.
const conditions = ['@rowtime/source', 'node', 'import', 'default'];

// Those that need a browser: scripts/test-peers.mjs brings one.
const browserTests = process.env['ROWTIME_CHROMIUM'] ? ['packages/*/test/**/*.browser.ts'] : [];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts', ...browserTests],
    pool: 'forks',
    // All cores: many tests wait for processes and servers.
    maxWorkers: '100%',
    // ROWTIME_RUNS: how many times as often properties are tried (CONTRIBUTING.md).
    testTimeout: 60_000 * Math.max(1, Number(process.env['ROWTIME_RUNS'] ?? 1)),
  },
});
