/** A real mongod for machines that have none: MongoDB's own archive, into the user's cache, where the Internet can be reached. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, constants, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { promisify } from "node:util";
import type { Progress } from "./index.ts";

/** A patch release of the newest series that has builds for all systems below. */
export const mongodVersion = "8.0.4";
const defaultHost = "https://fastdl.mongodb.org";
/** Without an Internet the answer must come at once: what follows is a build of minutes, and somebody is waiting. */
const connectTimeoutMs = 4_000;

export function downloadedMongod(cacheDir: string): string {
  return join(cacheDir, `mongod-${mongodVersion}`, "bin", "mongod");
}

export interface System {
  platform: NodeJS.Platform;
  arch: string;
  /** The text of /etc/os-release; empty where there is none. */
  osRelease: string;
}

/** The path of the archive for a system, or null when MongoDB publishes none. Pure. */
export function archivePath({ platform, arch, osRelease }: System): string | null {
  const machine = { x64: "x86_64", arm64: platform === "darwin" ? "arm64" : "aarch64" }[arch];
  if (!machine) return null;
  if (platform === "darwin") return `osx/mongodb-macos-${machine}-${mongodVersion}.tgz`;
  const target = platform === "linux" ? linuxTarget(osRelease, machine) : null;
  return target && `linux/mongodb-linux-${machine}-${target}-${mongodVersion}.tgz`;
}

function linuxTarget(osRelease: string, machine: string): string | null {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(osRelease)?.[1] ?? "";
  const names = `${field("ID")} ${field("ID_LIKE")}`.split(/\s+/);
  const version = Number.parseFloat(field("VERSION_ID"));
  if (names.includes("ubuntu"))
    return version >= 24 || field("UBUNTU_CODENAME") === "noble"
      ? "ubuntu2404"
      : version >= 22 || field("UBUNTU_CODENAME") === "jammy"
        ? "ubuntu2204"
        : "ubuntu2004";
  // Debian has builds for x86 alone; Ubuntu's of the same age run on its ARM.
  if (names.includes("debian")) return machine === "x86_64" ? "debian12" : "ubuntu2204";
  if (names.includes("amzn")) return "amazon2023";
  if (names.some((name) => ["rhel", "fedora", "centos"].includes(name))) return version < 9 ? "rhel8" : "rhel93";
  if (names.includes("suse") || names.includes("opensuse")) return machine === "x86_64" ? "suse15" : null;
  return null;
}

/**
 * Downloads, checks and unpacks mongod, and gives its path; null, with the reason told to `log`, when that is not possible here.
 * `MONGOD_DOWNLOAD` names another host to take it from, or is `off`.
 */
export async function downloadMongod(
  cacheDir: string,
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const host = environment["MONGOD_DOWNLOAD"] ?? defaultHost;
  if (host === "off") return null;
  const osRelease = await readFile("/etc/os-release", "utf8").catch(() => "");
  const path = archivePath({ platform: process.platform, arch: process.arch, osRelease });
  if (!path) return null;
  const folder = join(cacheDir, `mongod-${mongodVersion}`);
  const partial = `${folder}.${process.pid}.partial`;
  try {
    progress({ detail: "asking for MongoDB's own server" });
    await mkdir(partial, { recursive: true });
    const expected = (await (await get(`${host}/${path}.sha256`, signal)).text()).trim().split(/\s+/)[0]!;
    const archive = join(partial, "archive.tgz");
    const found = await save(await get(`${host}/${path}`, signal), archive, progress);
    if (found !== expected) throw new Error("its checksum is not the published one");
    await promisify(execFile)("tar", ["-xzf", archive, "-C", partial, "--strip-components=1"]);
    await rm(archive);
    // Built for newer processors (AVX) and libraries than some machines have: better to know now.
    await promisify(execFile)(join(partial, "bin", "mongod"), ["--version"]);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    return downloadedMongod(cacheDir);
  } catch (error) {
    signal.throwIfAborted();
    log(`MongoDB's own server cannot be downloaded here: ${reasonOf(error as Error)}`);
    return null;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`${new URL(url).host} does not answer`)), connectTimeoutMs);
  try {
    // The time limit ends with the headers: the archive itself may take minutes.
    const response = await fetch(url, { signal: AbortSignal.any([signal, late.signal]) });
    if (!response.ok || !response.body) throw new Error(`${new URL(url).host} answers ${response.status}`);
    return response;
  } finally {
    clearTimeout(timer);
  }
}

async function save(response: Response, path: string, progress: Progress): Promise<string> {
  const total = Number(response.headers.get("content-length")) || 0;
  const hash = createHash("sha256");
  let received = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      progress({
        detail: `downloading MongoDB ${mongodVersion} (${Math.round(received / 1e6)} MB)`,
        ...(total > 0 ? { fraction: received / total } : {}),
      });
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body as ReadableStream<Uint8Array>), count, createWriteStream(path));
  return hash.digest("hex");
}

function reasonOf(error: Error): string {
  const cause = error.cause as { code?: string } | undefined;
  return cause?.code ? `${error.message} (${cause.code})` : error.message;
}

/** Whether an earlier start has it. */
export async function isDownloaded(cacheDir: string): Promise<boolean> {
  return access(downloadedMongod(cacheDir), constants.X_OK).then(
    () => true,
    () => false,
  );
}
