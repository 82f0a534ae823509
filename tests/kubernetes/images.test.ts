/** The images themselves, where what built them is at hand: the same sources give the same bytes, and a running container needs no shell. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultImages } from "./installation.ts";

const buildah = async (...rest: string[]): Promise<string> =>
  (await promisify(execFile)("buildah", rest, { maxBuffer: 16 * 1_048_576 })).stdout.trim();

/** The name by which what built it knows the image, or null: it was built elsewhere. */
const findBuilt = (image: string): Promise<string | null> =>
  buildah("inspect", "--type", "image", "--format", "{{.FromImageID}}", image).then(
    () => image,
    () => null,
  );

interface Config {
  created: string;
  container?: string;
  parent?: string;
  config: { Hostname?: string; User?: string; Entrypoint?: string[] };
  history: { created: string }[];
}

const images = await Promise.all(
  (["fastapi-platform", "fastapi-platform-runner"] as const).map(async (name) => ({ name, built: await findBuilt(defaultImages[name]) })),
);
/** Where each holds what is ours; the rest of the platform's image is the base's. */
const ours = { "fastapi-platform": "/app", "fastapi-platform-runner": "/" };
/** MiB of ours: half as much again as it was when this was written. */
const mostMiB = { "fastapi-platform": 150, "fastapi-platform-runner": 370 };

describe.each(images)("$name", ({ name, built }) => {
  let container = "";
  let files = "";
  beforeAll(async () => {
    if (built === null) return;
    container = await buildah("from", "--pull-never", built);
    files = await buildah("mount", container);
  });
  afterAll(async () => {
    if (container !== "") await buildah("rm", container);
  });

  test.skipIf(built === null)("its configuration names neither a time nor what built it", async () => {
    const config = JSON.parse(await buildah("inspect", "--type", "image", "--format", "{{.Config}}", built!)) as Config;
    expect(new Set([config.created, ...config.history.slice(-4).map(({ created }) => created)])).toEqual(new Set(["1970-01-01T00:00:00Z"]));
    expect([config.container, config.parent, config.config.Hostname].filter(Boolean)).toEqual([]);
  });

  test.skipIf(built === null)("no file of it has a time, and no compiled module looks at one", async () => {
    const folder = join(files, ours[name]);
    const newer = await promisify(execFile)("find", [folder, "-xdev", "-newermt", "@0", "-not", "-path", folder]);
    expect(newer.stdout).toBe("");
    const { stdout } = await promisify(execFile)("find", [folder, "-xdev", "-name", "*.pyc"], { maxBuffer: 16 * 1_048_576 });
    const compiled = stdout.trim().split("\n").filter(Boolean);
    if (name === "fastapi-platform-runner") expect(compiled.length).toBeGreaterThan(1_000);
    // The second word of a compiled module: 1 is "by the hash of its source, which nobody compares".
    for (const path of compiled.filter((_, index) => index % 50 === 0)) expect((await readFile(path)).readUInt32LE(4), path).toBe(1);
  });

  test.skipIf(built === null)("it starts a program and no shell, as a user of its own", async () => {
    const { config } = JSON.parse(await buildah("inspect", "--type", "image", "--format", "{{.Config}}", built!)) as Config;
    expect(config.User).toMatch(/^1000[01]:1000[01]$/);
    expect(config.Entrypoint?.[0]).toMatch(/^(node|\/opt\/venv\/bin\/python)$/);
  });

  test.skipIf(built === null)("it is small, and holds no tests", async () => {
    const { stdout } = await promisify(execFile)("du", ["-sm", join(files, ours[name])]);
    expect(Number(stdout.split("\t")[0])).toBeLessThan(mostMiB[name]);
    const own = join(files, name === "fastapi-platform" ? "/app/server" : "/opt/fp/fp_runner");
    expect((await readdir(own, { recursive: true })).filter((path) => /\.test(-part)?\.ts$|(^|\/)tests?\//.test(path))).toEqual([]);
  });
});
