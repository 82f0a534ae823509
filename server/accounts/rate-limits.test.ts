import { expect, test } from "vitest";
import { connectStorage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { createRateLimits } from "./rate-limits.ts";

/** As long as the test may take and more, so that no window ends in it. */
const window = 1_000_000_000;

test("attempts are counted over all processes, however many come at once, and by key", async () => {
  await using database = createTestDatabase();
  const storages = await Promise.all([connectStorage(database.url), connectStorage(database.url)]);
  try {
    const limits = await Promise.all(storages.map((storage) => createRateLimits(storage.connection)));
    const tried = await Promise.all(Array.from({ length: 30 }, (_, index) => limits[index % 2]!.consume("sign-in", { window, max: 10 })));
    expect(tried.filter(({ allowed }) => allowed)).toHaveLength(10);
    const refused = tried.find(({ allowed }) => !allowed)!;
    expect(refused.retryAfter).toBeGreaterThan(0);
    expect(await limits[0]!.consume("another", { window, max: 10 })).toEqual({ allowed: true, retryAfter: null });
  } finally {
    await Promise.all(storages.map((storage) => storage.close()));
  }
});

test("a window that is over is counted anew", async () => {
  await using database = createTestDatabase();
  const storage = await connectStorage(database.url);
  try {
    const limits = await createRateLimits(storage.connection);
    const attempt = () => limits.consume("sign-in", { window: 1, max: 1 });
    await waitFor("one is too many", async () => !(await attempt()).allowed);
    await waitFor("the next window takes one", async () => (await attempt()).allowed);
  } finally {
    await storage.close();
  }
});
