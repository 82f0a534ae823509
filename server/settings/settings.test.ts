import { expect, test } from "vitest";
import { defaultEgressRules } from "#core/egress-rules.ts";
import { connectStorage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { createSettings } from "./index.ts";

test("what was never set has its default, what is set is kept in one spelling and found after a restart", async () => {
  await using database = createTestDatabase();
  const storage = await connectStorage(database.url);
  const stop = new AbortController();
  try {
    const settings = await createSettings({ storage });
    await settings.start(stop.signal);
    expect(settings.egress()).toEqual(defaultEgressRules);
    const put = await settings.putEgress({ domains: ["API.Example.com.", "api.example.com", "*.bücher.example"], ports: [443, 443, 25] });
    expect(put).toEqual({ domains: ["api.example.com", "*.xn--bcher-kva.example"], ports: [443, 25] });
    expect(settings.egress()).toEqual(put);
    const again = await createSettings({ storage });
    await again.start(stop.signal);
    expect(again.egress()).toEqual(put);
  } finally {
    stop.abort();
    await storage.close();
  }
});

test.each([true, false])("another process's change is seen without a query, with change streams: %s", async (replicated) => {
  await using database = createTestDatabase();
  const storage = await connectStorage(database.url);
  const stop = new AbortController();
  try {
    const [one, other] = [await createSettings({ storage }), await createSettings({ storage: { ...storage, replicated } })];
    await other.start(stop.signal);
    await one.putEgress({ domains: ["only.example"], ports: [443] });
    await waitFor("the other process knows", () => other.egress().domains[0] === "only.example");
    await one.putEgress({ domains: [], ports: [] });
    await waitFor("and of the next change", () => other.egress().domains.length === 0);
  } finally {
    stop.abort();
    await storage.close();
  }
});
