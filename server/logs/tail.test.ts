import { Types } from "mongoose";
import { expect, test } from "vitest";
import { connectStorage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { logModel } from "./models.ts";
import { createTail } from "./tail.ts";

test.each([true, false])("lines of any process come once and of the app that is followed, with change streams: %s", async (replicated) => {
  await using database = createTestDatabase();
  const [storage, other] = await Promise.all([connectStorage(database.url), connectStorage(database.url)]);
  const stop = new AbortController();
  try {
    const model = logModel(storage.connection);
    await model.createCollection();
    await model.syncIndexes();
    const write = async (appId: string, text: string, _id = new Types.ObjectId()) =>
      void (await other.connection
        .db!.collection("logs")
        .insertOne({ _id, appId, at: new Date(), stream: "stdout", text, instanceId: "i" }));
    await write("mine", "before");
    const tail = createTail(model, replicated);
    const heard: string[] = [];
    const follow = async (appId: string, to: string[]): Promise<void> => {
      for await (const line of tail.follow(appId, stop.signal)) to.push(line.text);
    };
    const following = [follow("mine", heard)];
    let tries = 0;
    await waitFor("it hears", async () => {
      await write("mine", `try ${(tries += 1)}`);
      return heard.length > 0;
    });
    await waitFor("all tries", () => heard.at(-1) === `try ${tries}`);
    expect(heard).not.toContain("before");
    const known = heard.length;
    // One who comes later hears what comes later, and only of the app that was asked for.
    const late: string[] = [];
    following.push(follow("yours", late));
    await write("other", "of another app");
    await waitFor("the late one hears", async () => {
      await write("yours", "for the late one");
      return late.length > 0;
    });
    // Made a moment ago by a process that wrote it only now.
    await write("mine", "late", Types.ObjectId.createFromTime(Math.floor(Date.now() / 1_000) - 2));
    await write("mine", "last");
    await waitFor("the last", () => heard.includes("last") && heard.includes("late"));
    expect(heard.slice(known).toSorted()).toEqual(["last", "late"]);
    expect(new Set(heard).size).toBe(heard.length);
    stop.abort();
    await Promise.all(following);
  } finally {
    stop.abort();
    await Promise.all([storage.close(), other.close()]);
  }
});
