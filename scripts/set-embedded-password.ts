/**
 * `node scripts/set-embedded-password.ts <folder> <password file>`: what stands before the embedded server on a cluster
 * (k8s/components/mongodb-embedded). The server's first user needs no password, so it is made while nobody else reaches the server:
 * on loopback, for a moment. Idempotent; a password that is not the server's own any more is said.
 */
import { randomInt } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureRoot } from "#server/storage/embedded/root.ts";
import { superviseServer } from "#server/storage/embedded/supervise.ts";
import { writeWhole } from "#server/storage/embedded/write-whole.ts";
import { runCommand } from "./command.ts";

/** The user of MONGO_URL in the cluster's Secret. */
const username = "platform";

await runCommand(async (print) => {
  const [folder, passwordFile] = process.argv.slice(2);
  if (!folder || !passwordFile) throw new Error("Where? node scripts/set-embedded-password.ts <folder> <password file>");
  const password = (await readFile(passwordFile, "utf8")).trim();
  if (!password) throw new Error(`${passwordFile} is empty`);
  // Another port than the one that pods dial, so that a readiness probe cannot take this server for the real one.
  const port = randomInt(20_000, 27_000);
  const rootFile = join(folder, "root.json");
  await writeWhole(rootFile, JSON.stringify({ username, password, accepted: false }));
  const server = await superviseServer({
    spec: {
      kind: "secantusd",
      binary: process.env["MONGOD"] ?? "secantusd-rs",
      port,
      storagePath: join(folder, "secantusd"),
      keyFile: "",
    },
    folder,
    log: print,
    onSpawned: () => undefined,
  });
  try {
    await ensureRoot(folder, "secantusd", port).catch((error: Error) => {
      if (!error.message.includes("root.json")) throw error;
      throw new Error(
        "This volume was made with another mongo-password. Put that one back into the Secret, or delete the volume to begin anew.",
      );
    });
    print("The database's password is set.");
  } finally {
    await server.stop();
    // The Secret holds it; no second copy on the volume.
    await rm(rootFile, { force: true });
  }
});
