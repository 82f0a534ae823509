import { expect, test } from "vitest";
import { envFaults, looksSecret, parseDotEnv, toEnv, toRows } from "./env-draft.ts";

test("a secret that was not typed anew is sent without a value, so it stays", () => {
  const rows = toRows([
    { name: "KEY", secret: true },
    { name: "MODE", value: "fast", secret: false },
  ]);
  expect(toEnv(rows)).toEqual([
    { name: "KEY", secret: true },
    { name: "MODE", value: "fast", secret: false },
  ]);
});

test("a secret that has no value yet can be given one", () => {
  expect(toRows([{ name: "KEY", value: "", secret: true }])).toEqual([{ key: 0, name: "KEY", value: "", secret: true, isUnset: true }]);
});

test("empty rows are no variables and no faults", () => {
  const rows = [{ key: 1, name: " ", value: "", secret: false }];
  expect(toEnv(rows)).toEqual([]);
  expect(envFaults(rows).size).toBe(0);
});

test("bad and double names are named at their row", () => {
  const row = (key: number, name: string) => ({ key, name, value: "x", secret: false });
  const faults = envFaults([row(1, "OK"), row(2, "1BAD"), row(3, "OK"), row(4, "")]);
  expect([...faults.keys()]).toEqual([2, 3, 4]);
  expect(faults.get(3)).toContain("twice");
});

test("pasted .env text becomes rows, anything else does not", () => {
  expect(parseDotEnv('# a comment\nexport A=1\nB="two words"\n\nC=')).toEqual([
    { name: "A", value: "1" },
    { name: "B", value: "two words" },
    { name: "C", value: "" },
  ]);
  expect(parseDotEnv("just a value")).toBeNull();
  expect(parseDotEnv("")).toBeNull();
});

test("names that hint at secrets", () => {
  expect(["API_KEY", "DB_PASSWORD", "GITHUB_TOKEN"].every(looksSecret)).toBe(true);
  expect(looksSecret("MODE")).toBe(false);
});
