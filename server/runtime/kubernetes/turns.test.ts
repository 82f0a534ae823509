import { expect, it } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;

it("lets so many work at once, in the order of coming", async () => {
  const turns = createTurns(2);
  const log: number[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const all = gates.map((gate, index) =>
    turns.take(async () => {
      log.push(index);
      await gate.promise;
    }, never),
  );
  await Promise.resolve();
  expect(log).toEqual([0, 1]);
  gates[1]!.resolve();
  await all[1];
  await Promise.resolve();
  expect(log).toEqual([0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all(all);
  expect(log).toEqual([0, 1, 2, 3]);
});

it("keeps no place for who left, and gives one back after a failure", async () => {
  const turns = createTurns(1);
  const gate = Promise.withResolvers<void>();
  const first = turns.take(() => gate.promise, never);
  const leaving = new AbortController();
  const second = turns.take(async () => "never", leaving.signal);
  leaving.abort(new Error("left"));
  await expect(second).rejects.toThrow("left");
  gate.reject(new Error("failed"));
  await expect(first).rejects.toThrow("failed");
  expect(await turns.take(async () => "free", never)).toBe("free");
});
