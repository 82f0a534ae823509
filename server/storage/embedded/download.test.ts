import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { archivePath, downloadMongod } from "./download.ts";

let folder: string;
let server: Server;
let archive: Buffer;
let checksum: string;
let host: string;
const lines: string[] = [];

/** A stand-in for MongoDB's host, which is outside: it serves an archive of the same shape. */
beforeEach(async () => {
  lines.length = 0;
  folder = await mkdtemp(join(tmpdir(), "fp-download-"));
  await mkdir(join(folder, "made/mongodb-x/bin"), { recursive: true });
  await writeFile(join(folder, "made/mongodb-x/bin/mongod"), "#!/bin/sh\necho db version\n");
  await chmod(join(folder, "made/mongodb-x/bin/mongod"), 0o755);
  execFileSync("tar", ["-czf", join(folder, "x.tgz"), "-C", join(folder, "made"), "mongodb-x"]);
  archive = await readFile(join(folder, "x.tgz"));
  checksum = createHash("sha256").update(archive).digest("hex");
  server = createServer((request, response) => response.end(request.url!.endsWith(".sha256") ? `${checksum}  x.tgz\n` : archive));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const download = (from: string) =>
  downloadMongod(
    join(folder, "cache"),
    { MONGOD_DOWNLOAD: from },
    () => undefined,
    (line) => lines.push(line),
    new AbortController().signal,
  );

test("the archive is checked, unpacked and can be run", async () => {
  const path = await download(host);
  expect(execFileSync(path!, { encoding: "utf8" })).toBe("db version\n");
});

test("a wrong checksum leaves nothing behind and says so", async () => {
  checksum = "0".repeat(64);
  expect(await download(host)).toBeNull();
  expect(lines.join()).toContain("checksum");
  expect(await readdir(join(folder, "cache"))).toEqual([]);
});

test("no Internet is an answer at once, with the reason", async () => {
  server.close();
  expect(await download("http://127.0.0.1:9")).toBeNull();
  expect(lines.join()).toMatch(/cannot be downloaded here: .*/);
  expect(await download("off")).toBeNull();
});

test.each([
  ["linux", "x64", 'ID=debian\nVERSION_ID="12"', "linux/mongodb-linux-x86_64-debian12-8.0.4.tgz"],
  ["linux", "arm64", 'ID=debian\nVERSION_ID="12"', "linux/mongodb-linux-aarch64-ubuntu2204-8.0.4.tgz"],
  ["linux", "x64", 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"', "linux/mongodb-linux-x86_64-ubuntu2404-8.0.4.tgz"],
  [
    "linux",
    "x64",
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21"\nUBUNTU_CODENAME=jammy',
    "linux/mongodb-linux-x86_64-ubuntu2204-8.0.4.tgz",
  ],
  ["linux", "x64", 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"', "linux/mongodb-linux-x86_64-rhel93-8.0.4.tgz"],
  ["linux", "x64", "ID=alpine\nVERSION_ID=3.20", null],
  ["darwin", "arm64", "", "osx/mongodb-macos-arm64-8.0.4.tgz"],
  ["linux", "riscv64", "ID=debian", null],
] as const)("%s %s %s", (platform, arch, osRelease, path) => {
  expect(archivePath({ platform, arch, osRelease })).toBe(path);
});
