import { defineConfig } from 'vitest/config';

// The condition makes workspace packages resolve to their sources, so that a test never reads a stale build.
const conditions = ['@rowtime/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
  },
});
