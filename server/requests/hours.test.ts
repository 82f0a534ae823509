import { Types } from "mongoose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connectStorage, type Storage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { toMetrics } from "./figures.ts";
import { createHours, hourMs, hourOf, toSums, type Hours, type Summed } from "./hours.ts";
import { hourModel } from "./hour-model.ts";
import { requestModel } from "./models.ts";

const database = createTestDatabase();
let storage: Storage;
let hours: Hours;
beforeAll(async () => {
  storage = await connectStorage(database.url);
  hours = await createHours(storage, requestModel(storage.connection));
});
afterAll(async () => {
  await storage.close();
  await database[Symbol.asyncDispose]();
});

const newApp = () => String(new Types.ObjectId());
const now = new Date("2026-11-21T12:30:00Z");
const hour = hourOf(now);
const request = (appId: string, over: Partial<Summed> = {}): Summed => ({
  appId,
  at: now,
  status: 200,
  latencyMs: 5,
  coldStartMs: null,
  ...over,
});
/** As the gateway writes them. */
const insert = (requests: readonly Summed[]) =>
  requestModel(storage.connection).collection.insertMany(
    requests.map((each, index) => ({
      ...each,
      ...{ requestId: `r${index}`, method: "GET", path: "/", queryNames: [], bytesIn: 0, bytesOut: 0, version: 1, answeredBy: "app" },
    })),
  );

test("what was asked is summed by hour and app, and read in order", async () => {
  const [one, two] = [newApp(), newApp()];
  const before = new Date(now.getTime() - hourMs);
  hours.add([request(one, { latencyMs: 100 }), request(one, { status: 503 }), request(one, { status: 404, at: before }), request(two)]);
  hours.add([request(one, { coldStartMs: 40, latencyMs: 50 })]);
  await hours.flush();
  const found = await hours.read([one], new Date(0));
  expect(found.map((each) => [each.hour, each.requests, each.errors, each.clientErrors, each.coldStarts])).toEqual([
    [hourOf(before), 1, 0, 1, 0],
    [hour, 3, 1, 0, 1],
  ]);
  const { series, ...totals } = toMetrics(found, "24h", now);
  expect(totals).toMatchObject({ requests: 4, errors: 1, clientErrors: 1, avgMs: 40, coldStarts: 1 });
  expect(totals.p99Ms! / 100).toBeCloseTo(1, 1);
  expect(totals.coldP95Ms! / 40).toBeCloseTo(1, 1);
  expect(series).toHaveLength(24);
  expect(series.at(-1)).toMatchObject({ at: hour.toISOString(), requests: 3, errors: 1 });
  expect(series[0]).toMatchObject({ requests: 0, p95Ms: null });
  expect(await hours.read([one], hour)).toHaveLength(1);
});

test("sums whose answer was lost are added once, and of several processes at once none is lost", async () => {
  const appId = newApp();
  const { collection } = hourModel(storage.connection);
  const write = collection.bulkWrite.bind(collection);
  const lost = vi.spyOn(collection, "bulkWrite").mockImplementationOnce(async (operations) => {
    await write(operations, { ordered: false });
    throw new Error("the connection was lost behind the write");
  });
  hours.add([request(appId), request(appId)]);
  await hours.flush();
  await hours.flush();
  expect(lost.mock.calls.length).toBeGreaterThanOrEqual(2);
  lost.mockRestore();
  expect(await hours.read([appId], hour)).toMatchObject([{ requests: 2, sumMs: 10 }]);

  const busy = newApp();
  const others = await Promise.all(Array.from({ length: 6 }, () => createHours(storage, requestModel(storage.connection))));
  await Promise.all(
    others.map(async (each) => {
      each.add([request(busy)]);
      await each.flush();
    }),
  );
  expect(await hours.read([busy], hour)).toMatchObject([{ requests: 6 }]);
});

test("an hour that is over is made anew from its requests: what a killed process had not added, and what was there before hours were", async () => {
  const [partly, unsummed] = [newApp(), newApp()];
  const at = new Date(hour.getTime() - 3 * hourMs + 5);
  const asked = [
    request(partly, { at }),
    request(partly, { at, status: 500, latencyMs: 900, coldStartMs: 300 }),
    request(unsummed, { at }),
  ];
  await insert(asked);
  hours.add(asked.slice(0, 1));
  await hours.flush();
  await hours.close(new Date(hour.getTime() - 2 * hourMs + 60_000));
  expect(await hours.read([partly], new Date(0)), "not while requests may still be written").toMatchObject([{ requests: 1 }]);
  await hours.close(now);
  const [own, other] = [await hours.read([partly], new Date(0)), await hours.read([unsummed], new Date(0))];
  const expected = toSums(asked);
  expect(own).toEqual([expected.find(({ appId }) => appId === partly)]);
  expect(other).toEqual([expected.find(({ appId }) => appId === unsummed)]);

  // A closed hour is left alone.
  await insert([request(unsummed, { at })]);
  await hours.close(now);
  expect(await hours.read([unsummed], new Date(0))).toEqual(other);
});

test("an app's hours go with it", async () => {
  const appId = newApp();
  hours.add([request(appId)]);
  await hours.flush();
  await hours.removeAppData(appId);
  expect(await hours.read([appId], new Date(0))).toEqual([]);
});
