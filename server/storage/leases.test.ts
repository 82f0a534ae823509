import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase } from "../../tests/database.ts";
import { connectStorage, createLeases, type Leases, type Storage } from "./index.ts";

let storage: Storage;
let leases: Leases;
beforeAll(async () => {
  storage = await connectStorage(createTestDatabase().url);
  leases = createLeases(storage.connection);
});
afterAll(() => storage.close());

test("of many who ask at once one gets the lease, and the next after it is released", async () => {
  const asked = await Promise.all(Array.from({ length: 10 }, (_, index) => leases.acquire("one", `holder-${index}`, 10_000)));
  const got = asked.filter((lease) => lease !== null);
  expect(got).toHaveLength(1);
  await got[0]!.release();
  expect(await leases.acquire("one", "next", 10_000)).not.toBeNull();
});

test("a lease that ran out goes to the next with a higher fence, and the old holder cannot renew it", async () => {
  const dead = (await leases.acquire("expired", "dead", -1))!;
  const next = (await leases.acquire("expired", "next", 10_000))!;
  expect(next.fence).toBeGreaterThan(dead.fence);
  expect(await dead.renew()).toBe(false);
  await dead.release();
  expect(await leases.acquire("expired", "third", 10_000)).toBeNull();
});

test("a process that is alone drops what a dead one held", async () => {
  await leases.acquire("deployment/1", "dead", 60_000);
  await leases.clear("deployment/");
  expect(await leases.acquire("deployment/1", "me", 60_000)).not.toBeNull();
});
