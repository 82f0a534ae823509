/**
 * The database server that the platform brings along: found or built, started, supervised, stopped.
 * Guarantees: authentication is on before the address is known to anyone; acknowledged writes survive a kill; the server
 * is restarted on its port when it dies, and never outlives the platform for long. Does not connect the platform's models:
 * that is `server/storage`. Runs natively in Node, outside Vite's graph, and keeps no state in modules.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { buildServer } from "./build.ts";
import { downloadMongod } from "./download.ts";
import { chooseServer } from "./find.ts";
import { ensureRoot } from "./root.ts";
import { serverUrl, type ServerKind } from "./server-kinds.ts";
import { endOrphan, superviseServer } from "./supervise.ts";
import { writeWhole } from "./write-whole.ts";

export { endProcess, findStartTime, identifyProcess, isAlive, type ProcessIdentity } from "./process.ts";
export { findOnPath } from "./find.ts";
export { findRunningDatabase } from "./locate.ts";

/** Told what is going on; `fraction` is 0 to 1 where it can be known. */
export type Progress = (at: { detail: string; fraction?: number }) => void;

export interface RunningDatabase {
  /** With an administrator's name and password. */
  url: string;
  /** One line for people: which server it is and why. */
  description: string;
  /** The server's process, or undefined when it is the user's own server. */
  readonly pid: number | undefined;
  /** Ends the server when it is ours. Idempotent. */
  stop(): Promise<void>;
}

export interface DatabaseOptions {
  /** Holds `mongo/`: the server's files, password, log. */
  dataDir: string;
  /** Where a built server is kept, shared by all checkouts of this user. */
  cacheDir: string;
  environment: NodeJS.ProcessEnv;
  progress: Progress;
  log: (line: string) => void;
  signal: AbortSignal;
  /** Told when a server of ours was started and reads its files: this process has nothing to do meanwhile. */
  onSpawned?: () => void;
}

interface ServerFile {
  kind: ServerKind;
  port: number;
}

/**
 * Starts the database, or takes the one that `MONGO_URL` names.
 * @throws Error in plain words, with the ways out, when there is none.
 */
export async function startDatabase(options: DatabaseOptions): Promise<RunningDatabase> {
  const given = options.environment["MONGO_URL"];
  if (given) return { url: given, description: `${hostOf(given)} (MONGO_URL)`, pid: undefined, stop: async () => undefined };

  const folder = resolve(options.dataDir, "mongo");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const noted = await readFile(join(folder, "server.json"), "utf8").then(
    (text) => JSON.parse(text) as ServerFile,
    () => null,
  );
  const { kind, binary, why } = await obtainServer(options, noted?.kind ?? null);
  options.signal.throwIfAborted();

  const storagePath = join(folder, kind);
  await endOrphan(folder, storagePath, options.log);
  // The same port as last time where it is free: mongod keeps its own address in its configuration.
  const port = noted && (await isFree(noted.port)) ? noted.port : await findFreePort();
  options.progress({ detail: `starting ${kind === "mongod" ? "mongod" : "the embedded server"}` });
  const keyFile = join(folder, "key");
  if (!existsSync(keyFile)) await writeWhole(keyFile, randomBytes(48).toString("base64"), 0o400);
  const server = await superviseServer({
    spec: { kind, binary, port, storagePath, keyFile },
    folder,
    log: options.log,
    onSpawned: options.onSpawned ?? (() => undefined),
  });
  try {
    await writeWhole(join(folder, "server.json"), JSON.stringify({ kind, port } satisfies ServerFile));
    const root = await ensureRoot(folder, kind, port);
    return {
      url: serverUrl(port, root),
      description: `${kind === "mongod" ? "mongod" : "the embedded server"} on 127.0.0.1:${port}, because ${why}`,
      get pid() {
        return server.pid;
      },
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Chooses among what is there, and fetches a server when nothing is. */
async function obtainServer(
  options: DatabaseOptions,
  existing: ServerKind | null,
): Promise<{ kind: ServerKind; binary: string; why: string }> {
  const { cacheDir, environment, progress, log, signal } = options;
  const choice = await chooseServer({ environment, cacheDir, existing });
  if (choice.kind !== "fetch" && choice.kind !== "build") return choice;
  const mongod = choice.kind === "fetch" ? await downloadMongod(cacheDir, environment, progress, log, signal) : null;
  if (mongod) return { kind: "mongod", binary: mongod, why: "no MONGO_URL and no mongod were found, so it was downloaded" };
  return {
    kind: "secantusd",
    binary: await buildServer(cacheDir, environment, progress, signal),
    why: "no MONGO_URL and no mongod were found",
  };
}

/** A port on loopback that nobody listened on a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((fulfil, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? fulfil(address.port) : reject(new Error("no port"))));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((fulfil) => {
    const probe = createServer();
    probe.once("error", () => fulfil(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => fulfil(true)));
  });
}

function hostOf(url: string): string {
  return url.replace(/^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]*).*$/, "$1");
}
