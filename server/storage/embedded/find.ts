/** Which database server to run, decided from what the machine has. The order and its reasons: docs/adr/0005-embedded-database.md. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { downloadedMongod, isDownloaded } from "./download.ts";
import { secantusVersion, type ServerKind } from "./server-kinds.ts";

export type ServerChoice =
  | { kind: ServerKind; binary: string; why: string }
  /** Nothing is there: mongod can be downloaded, or secantusd built. */
  | { kind: "fetch" }
  /** Only secantusd can read the data, and it is not there. */
  | { kind: "build" };

export interface FindOptions {
  environment: NodeJS.ProcessEnv;
  cacheDir: string;
  /** The kind whose files lie in the data folder, if any: another kind cannot read them. */
  existing: ServerKind | null;
}

/** Where `cargo install --root` puts the server. */
export function secantusBinary(cacheDir: string): string {
  return join(cacheDir, `secantusd-rs-${secantusVersion}`, "bin", "secantusd-rs");
}

/** @throws Error when `MONGOD` names something that cannot be run, or when data is there and its server is not. */
export async function chooseServer({ environment, cacheDir, existing }: FindOptions): Promise<ServerChoice> {
  const named = environment["MONGOD"];
  if (named && !(await isExecutable(named))) throw new Error(`MONGOD names ${named}, which cannot be run`);
  const downloaded = (await isDownloaded(cacheDir)) ? downloadedMongod(cacheDir) : null;
  const installed = named ?? (await findOnPath("mongod", environment));
  const mongod = installed ?? downloaded;
  const secantus = secantusBinary(cacheDir);
  const secantusBuilt = await isExecutable(secantus);

  if (existing === "secantusd")
    return secantusBuilt ? { kind: "secantusd", binary: secantus, why: "its data is in the data folder" } : { kind: "build" };
  if (existing === "mongod") {
    if (!mongod)
      throw new Error("The data folder was written by mongod, which is not on PATH any more. Install it again, or name it with MONGOD.");
    return { kind: "mongod", binary: mongod, why: "its data is in the data folder" };
  }
  if (mongod)
    return { kind: "mongod", binary: mongod, why: named ? "MONGOD names it" : installed ? "it is on PATH" : "it was downloaded earlier" };
  if (secantusBuilt) return { kind: "secantusd", binary: secantus, why: "no MONGO_URL and no mongod were found" };
  return { kind: "fetch" };
}

/** The first executable `name` on PATH, or null. */
export async function findOnPath(name: string, environment: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (environment["PATH"] ?? "").split(delimiter)) {
    if (folder && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
