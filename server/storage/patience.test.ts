import { expect, test } from "vitest";
import { untilDatabaseAnswers } from "./patience.ts";

const gone = () => Object.assign(new Error("connection closed"), { name: "MongoNetworkError" });
/** Fails so many times, then gives its answer. */
const failing = (times: number, error: () => Error) => {
  let left = times;
  return async () => {
    if (left-- > 0) throw error();
    return "done";
  };
};

test("goes on while the database is away, also where that is only the cause", async () => {
  const signal = new AbortController().signal;
  expect(await untilDatabaseAnswers(failing(2, gone), signal)).toBe("done");
  expect(
    await untilDatabaseAnswers(
      failing(1, () => new Error("wrapped", { cause: gone() })),
      signal,
    ),
  ).toBe("done");
});

test("gives up at once for anything else, and when it is told to", async () => {
  const stop = new AbortController();
  await expect(
    untilDatabaseAnswers(
      failing(1, () => new Error("a bug")),
      stop.signal,
    ),
  ).rejects.toThrow("a bug");
  const endless = untilDatabaseAnswers(failing(Infinity, gone), stop.signal);
  stop.abort();
  await expect(endless).rejects.toThrow("connection closed");
});
