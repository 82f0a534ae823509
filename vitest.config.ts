import { defineConfig } from "vitest/config";

/**
 * Three projects, one after the other, so that the browser tests have the machine to themselves, and a fourth that needs a cluster.
 * No React Router plugin: what a test needs of the built pages, it gets from the built server.
 */
export default defineConfig({
  test: {
    globalSetup: ["./tests/setup.ts"],
    environment: "node",
    pool: "forks",
    // Two cores are the least this runs on; the default would leave one of them idle.
    maxWorkers: 2,
    restoreMocks: true,
    unstubEnvs: true,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    exclude: ["**/node_modules/**", "build/**", ".data/**"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{core,server,app,scripts,cli,bench}/**/*.test.{ts,tsx}"],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/e2e/**", "tests/kubernetes/**"],
          testTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["tests/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      // By `npm run cluster:test` alone: one file at a time, since all share one cluster.
      {
        extends: true,
        test: {
          name: "cluster",
          include: ["tests/kubernetes/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
