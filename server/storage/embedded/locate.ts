/** Reaching the embedded server of a platform that runs, from another process. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isAlive, type ProcessIdentity } from "./process.ts";
import type { RootUser } from "./root.ts";
import { serverUrl } from "./server-kinds.ts";

/** The administrator's URL of the server that runs on `dataDir`, or null when none runs or it is not ready yet. */
export async function findRunningDatabase(dataDir: string): Promise<string | null> {
  const folder = resolve(dataDir, "mongo");
  const [identity, server, root] = await Promise.all([
    readJson<ProcessIdentity>(join(folder, "server.pid")),
    readJson<{ port: number }>(join(folder, "server.json")),
    readJson<RootUser & { accepted: boolean }>(join(folder, "root.json")),
  ]);
  return identity && isAlive(identity) && server && root?.accepted ? serverUrl(server.port, root) : null;
}

/** Null when it is absent, or being written. */
async function readJson<Content>(path: string): Promise<Content | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Content;
  } catch {
    return null;
  }
}
