import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readMeasured, readPromised } from "./imports.ts";
import { choosePreloads, type Measured, type PackageCost } from "./preloads.ts";

/** The names in a tuple of Python's, as it stands in the file. */
function readTuple(name: string): string[] {
  const source = readFileSync(join(import.meta.dirname, "../runner/fp_runner/warm.py"), "utf8");
  const body = new RegExp(`^${name} = \\(\\n(.*?)^\\)`, "ms").exec(source)?.[1];
  return [...body!.matchAll(/"([^"]+)"/g)].map(([, module]) => module!);
}

test("the zygote preloads what the rule picks from what was measured: run `npm run bench -- imports` and take over what it prints", () => {
  expect(readTuple("PRELOADED")).toEqual(choosePreloads(readMeasured(), readPromised()));
});

test("what is promised to apps is read from the list that was asked for", () => {
  expect([...readPromised()]).toEqual(expect.arrayContaining(["fastapi", "PIL", "jwt", "bson", "requests", "python_multipart"]));
  expect(readPromised()).not.toContain("urllib3");
});

describe("the rule", () => {
  const entry = (change: Partial<PackageCost>): PackageCost => ({
    package: "one",
    share: 0.01,
    ms: 50,
    bytes: 5e6,
    named: ["one", "one.part"],
    changes: [],
    ...change,
  });
  const measured = (...packages: PackageCost[]): Measured => ({
    apps: { apps: 50, docs: 50 },
    failed: [],
    core: { ms: 300, bytes: 3e7, named: ["fastapi"], changes: [] },
    forkMsPerMB: 0.05,
    packages,
  });
  const choose = (change: Partial<PackageCost>, promised: string[] = []) => choosePreloads(measured(entry(change)), new Set(promised));

  test("takes what spares wakes more than a tenth of what its memory adds to a fork", () => {
    expect(choose({})).toEqual(["fastapi", "one", "one.part"]);
    expect(choose({ ms: 7.6 })).toContain("one");
    expect(choose({ ms: 7.4 })).not.toContain("one");
    expect(choose({ bytes: 34e6 })).not.toContain("one");
  });

  test("takes what is promised to be used once more than was seen", () => {
    expect(choose({ share: 0 })).toEqual(["fastapi"]);
    expect(choose({ share: 0 }, ["one"])).toContain("one");
    expect(choose({ share: 0, ms: 5 }, ["one"])).not.toContain("one");
  });

  test("never takes what changes the classes of others, or what does not run in apps", () => {
    expect(choose({ share: 1, changes: ["starlette.convertors.StringConvertor.regex"] })).toEqual(["fastapi"]);
    expect(choose({ share: 1, package: "pytest" })).toEqual(["fastapi"]);
  });
});

test("fasthtml changes how FastAPI's paths match, which is why it is not there", () => {
  const fasthtml = readMeasured().packages.find((entry) => entry.package === "fasthtml");
  expect(fasthtml?.changes).toContain("starlette.convertors.StringConvertor.regex");
});
