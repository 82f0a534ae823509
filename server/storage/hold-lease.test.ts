import { expect, test } from "vitest";
import { connectStorage, createLeases } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { holdLease } from "./hold-lease.ts";

test("a lease is kept as long as its holder works, and whoever lost it may not act on", async () => {
  await using database = createTestDatabase();
  const storage = await connectStorage(database.url);
  try {
    const leases = createLeases(storage.connection);
    const held = holdLease((await leases.acquire("deployment/one", "first", 600))!, 600, "lost");
    const startedAt = performance.now();
    await waitFor("two of its times are over", () => performance.now() - startedAt > 1_200);
    expect(await leases.acquire("deployment/one", "second", 600)).toBeNull();
    await held.require();
    // As if it had been stopped for longer than its time.
    await storage.connection
      .db!.collection<{ _id: string }>("leases")
      .updateOne({ _id: "deployment/one" }, { $set: { until: new Date(0) } });
    expect(await leases.acquire("deployment/one", "second", 60_000)).not.toBeNull();
    await waitFor("it notices", () => held.lost.aborted);
    await expect(held.require()).rejects.toMatchObject({ code: "conflict" });
    held.end();
  } finally {
    await storage.close();
  }
});

test("after a long standstill it is asked before anything is done, and a database that is away is no loss", async () => {
  let answer: () => Promise<boolean> = async () => true;
  let asked = 0;
  const held = holdLease({ renew: () => ((asked += 1), answer()) }, 1_000_000, "lost");
  await held.require();
  expect(asked).toBe(0);
  held.end();
  const short = holdLease({ renew: () => ((asked += 1), answer()) }, 20, "lost");
  try {
    answer = () => Promise.reject(new Error("the database is away"));
    await waitFor("its time is over", async () => {
      await expect(short.require()).rejects.toThrow("the database is away");
      return true;
    });
    expect(short.lost.aborted).toBe(false);
    answer = async () => true;
    await short.require();
    answer = async () => false;
    await waitFor("it is lost", () => short.lost.aborted);
    await expect(short.require()).rejects.toMatchObject({ code: "conflict" });
  } finally {
    short.end();
  }
});
