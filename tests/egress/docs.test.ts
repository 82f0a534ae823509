import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (path: string) => readFile(join(import.meta.dirname, "../..", path), "utf8");

test("every reason that the egress proxy or the relay gives is explained, and no other", async () => {
  const sources = await Promise.all(["server/egress/policy.ts", "server/egress/refusal.ts", "runner/fp_runner/relay.py"].map(read));
  const given = new Set<string>();
  for (const source of sources) {
    for (const [, list] of source.matchAll(/(?:egressReasons = \[|EgressFailure =|X-FP-Egress: )([^;\]\\]+)/g))
      for (const [word] of list!.matchAll(/[a-z]+(?:_[a-z]+)*/g)) given.add(word);
  }
  const page = (await read("docs/errors.md")).split("## On the way to the Internet")[1]!.split("\n## ")[0]!;
  const explained = [...page.matchAll(/^\| `([a-z_]+)` \| [\d, ]+ \| .{10,} \|$/gm)].map(([, reason]) => reason!);
  expect(given.size).toBe(10);
  expect(explained.toSorted()).toEqual([...given].toSorted());
});
