import { expect, test } from "vitest";
import { createRefusalLog } from "./refusal-log.ts";

const createClock = () => {
  let time = 0;
  return { now: () => time, pass: (ms: number) => void (time += ms) };
};

test("a loop is told once a minute, with how often it asked since", () => {
  const clock = createClock();
  const log = createRefusalLog(clock.now);
  const lines = Array.from({ length: 150 }, () => {
    clock.pass(1_000);
    return log.tell("a:80", "no a");
  }).filter((line) => line !== null);
  expect(lines).toEqual(["no a", "no a (59 more like it since the last such line)", "no a (59 more like it since the last such line)"]);
});

test("each host is told for itself", () => {
  const log = createRefusalLog(() => 0);
  expect([log.tell("a", "no a"), log.tell("b", "no b"), log.tell("a", "no a")]).toEqual(["no a", "no b", null]);
});

test("a scan of many hosts fills neither the log nor the memory, and is told of later", () => {
  const clock = createClock();
  const log = createRefusalLog(clock.now);
  const lines = Array.from({ length: 10_000 }, (_, index) => log.tell(`host-${index}`, "no")).filter((line) => line !== null);
  expect(lines.length).toBe(30);
  clock.pass(60_000);
  expect(log.tell("another", "no")).toBe("no (9970 refusals of other hosts were not listed)");
  expect(log.tell("one-more", "no")).toBe("no");
});
