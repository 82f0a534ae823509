import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { build } from "vite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { precompress, serverOnly } from "./vite-plugins.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fp-vite-"));
  await mkdir(join(root, "server"));
  await writeFile(join(root, "server/secret.ts"), 'export const secret = "not for browsers";');
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("a server module that reaches the browser's graph fails the build and is named", async () => {
  await writeFile(join(root, "main.ts"), 'import { secret } from "./server/secret.ts"; console.log(secret);');
  await expect(buildClient([serverOnly(`${root}/server/`)])).rejects.toThrow("Server-only module in the client graph: secret.ts");
});

test("a type of the server may be imported", async () => {
  await writeFile(join(root, "main.ts"), 'import type { secret } from "./server/secret.ts"; console.log("" as typeof secret);');
  await buildClient([serverOnly(`${root}/server/`)]);
});

test("larger assets get a Brotli file beside them that holds the same bytes", async () => {
  await writeFile(join(root, "main.ts"), `console.log(${JSON.stringify("words ".repeat(2000))});`);
  await buildClient([precompress()]);
  const assets = join(root, "dist/assets");
  const names = await readdir(assets);
  const script = names.find((name) => name.endsWith(".js"))!;
  expect(names).toContain(`${script}.br`);
  expect(brotliDecompressSync(await readFile(join(assets, `${script}.br`)))).toEqual(await readFile(join(assets, script)));
});

function buildClient(plugins: ReturnType<typeof serverOnly>[]) {
  return build({ root, configFile: false, logLevel: "silent", plugins, build: { rolldownOptions: { input: join(root, "main.ts") } } });
}
