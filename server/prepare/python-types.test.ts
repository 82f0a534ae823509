import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPackages } from "#server/packages/index.ts";
import { packTypes, prepareTypes, selectSources } from "./python-types.ts";

let folder: string;
let site: string;
const put = async (path: string, text: string) => {
  await mkdir(dirname(join(site, path)), { recursive: true });
  await writeFile(join(site, path), text);
};
const listed = {
  pythonVersion: "3.11",
  packages: [
    { name: "fastapi", version: "1", imports: ["fastapi"] },
    { name: "PyYAML", version: "1", imports: ["yaml"] },
    { name: "one-module", version: "1", imports: ["one"] },
    { name: "gone", version: "1", imports: ["gone"] },
  ],
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fp-types-"));
  site = join(folder, "venv/lib/python3.11/site-packages");
  await put("fastapi/__init__.py", "from .x import y\n");
  await put("fastapi/tests/test_x.py", "no");
  await put("fastapi/_fast.so", "no");
  await put("yaml/__init__.py", "no: the server has stubs");
  await put("one.py", "x = 1\n");
  await put("pip/__init__.py", "no: nobody's import");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("sources and stubs go in; tests, compiled files, what has a stub, and inner packages stay out", () => {
  const paths = [
    "a/x.py",
    "a/x.pyi",
    "a/y.py",
    "a/py.typed",
    "a/z.so",
    "a/tests/t.py",
    "a/b/test/t.py",
    "a/data.json",
    "dns/name.py",
    "pydantic/v1/main.py",
  ];
  expect(selectSources([...paths, "pydantic/main.py"])).toEqual(["a/x.pyi", "a/y.py", "a/py.typed", "pydantic/main.py"]);
});

test("one archive, named by its content, the same in both encodings, and read by its name only", async () => {
  const out = join(folder, "out");
  await packTypes(site, out, listed, ["pyyaml"]);
  const names = (await readdir(out)).toSorted();
  expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{16}\.json\.br$/), expect.stringMatching(/^[0-9a-f]{16}\.json\.gz$/)]);
  const sources = { "fastapi/__init__.py": "from .x import y\n", "one.py": "x = 1\n" };
  expect(JSON.parse(brotliDecompressSync(await readFile(join(out, names[0]!))).toString())).toEqual(sources);

  const packages = createPackages({ listed, typesDir: out });
  expect(`${packages.typesName}.json.br`).toBe(names[0]);
  expect(JSON.parse(gunzipSync(await packages.readTypes(packages.typesName!, "gzip")).toString())).toEqual(sources);
  await expect(packages.readTypes("../out", "br")).rejects.toMatchObject({ code: "not_found" });
  expect(createPackages({ listed, typesDir: join(folder, "nowhere") }).typesName).toBeNull();

  await put("one.py", "x = 2\n");
  const other = join(folder, "other");
  await packTypes(site, other, listed, ["pyyaml"]);
  expect(createPackages({ listed, typesDir: other }).typesName).not.toBe(packages.typesName);
});

test("nothing to pack, and too much, are errors", async () => {
  await expect(packTypes(join(folder, "empty"), join(folder, "out"), listed, [])).rejects.toThrow("holds none of the runner's packages");
  for (let part = 0; part < 50; part += 1) await put(`fastapi/large${part}.py`, "#".repeat(440_000));
  await expect(packTypes(site, join(folder, "out"), listed, [])).rejects.toThrow("too large");
});

test("it is made once for an environment, and found again", async () => {
  const runnerDir = join(folder, "runner");
  await mkdir(runnerDir);
  await writeFile(join(runnerDir, "packages.json"), JSON.stringify(listed));
  await writeFile(join(runnerDir, "stubbed.json"), '["pyyaml"]');
  const told: string[] = [];
  const options = {
    python: join(folder, "venv/bin/python"),
    runnerDir,
    cacheDir: folder,
    progress: ({ detail }: { detail: string }) => void told.push(detail),
    signal: new AbortController().signal,
  };
  const first = await prepareTypes(options);
  expect(await readdir(first)).toHaveLength(2);
  expect(await prepareTypes(options)).toBe(first);
  expect(told).toEqual(["packing their types for the editor"]);
  // Nothing half made is left.
  expect((await readdir(folder)).filter((name) => name.startsWith("python-types-"))).toHaveLength(1);
  await expect(prepareTypes({ ...options, python: "/usr/bin/python3-nowhere" })).rejects.toThrow();
});
