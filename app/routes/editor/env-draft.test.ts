import { expect, test } from "vitest";
import { envFaults, looksSecret, mergeEnv, parseDotEnv, readDotEnv, toEnv, toRows } from "./env-draft.ts";

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

test("a whole .env file: comments, export, quotes, several lines, Windows' line ends", () => {
  const key = "-----BEGIN KEY-----\nabc#=\n-----END KEY-----";
  const text = [
    "\ufeff# settings of the shop",
    "",
    "A=1 # a remark",
    "  export  B = two words  ",
    "URL=https://example.com/#top",
    `SINGLE='$HOME \\n "as it is"' # remark`,
    'DOUBLE="tab\\tline\\nquote \\" dollar \\$ other \\d"',
    `KEY="${key}"`,
    `OTHER='${key}'`,
    "EMPTY=",
    "NONE= # nothing",
    "EQUALS=a=b==",
    'JSON={"a": "b"}',
  ].join("\r\n");
  expect(readDotEnv(text)).toEqual({
    pairs: [
      { name: "A", value: "1" },
      { name: "B", value: "two words" },
      { name: "URL", value: "https://example.com/#top" },
      { name: "SINGLE", value: '$HOME \\n "as it is"' },
      { name: "DOUBLE", value: 'tab\tline\nquote " dollar $ other \\d' },
      { name: "KEY", value: key },
      { name: "OTHER", value: key },
      { name: "EMPTY", value: "" },
      { name: "NONE", value: "" },
      { name: "EQUALS", value: "a=b==" },
      { name: "JSON", value: '{"a": "b"}' },
    ],
  });
});

test("the line that is no variable is named", () => {
  expect(readDotEnv("A=1\n\nnot one\n")).toEqual({ line: 3, unclosed: false });
  expect(readDotEnv('A="x\ny"\nB="never closed\nC=1')).toEqual({ line: 3, unclosed: true });
  expect(readDotEnv("1A=x")).toEqual({ line: 1, unclosed: false });
});

test("variables from a file take the place of those of their names, which stay secret if they were", () => {
  const rows = [...toRows([{ name: "KEY", secret: true }]), { key: 1, name: "", value: "", secret: false }];
  let key = 7;
  const pairs = parseDotEnv("KEY=new\nMODE=slow\nMODE=fast\nDB_PASSWORD=x")!;
  expect(mergeEnv(rows, pairs, () => key++)).toEqual([
    { key: 0, name: "KEY", value: "new", secret: true },
    { key: 7, name: "MODE", value: "fast", secret: false },
    { key: 8, name: "DB_PASSWORD", value: "x", secret: true },
  ]);
});
