/** The embedded server's only administrator: a random password that lies in the data folder, readable by its owner alone. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { mongo } from "mongoose";
import { replicaSetName, serverUrl, type ServerKind } from "./server-kinds.ts";
import { writeWhole } from "./write-whole.ts";

export interface RootUser {
  username: string;
  password: string;
}

interface RootFile extends RootUser {
  /** Set once the server has accepted it, so that later starts need not ask. */
  accepted: boolean;
  /** The port in mongod's replica set configuration. */
  port?: number;
}

const authenticationFailed = 18;

/**
 * Gives the root user, making it on an empty server. The first `createUser` needs no password and later ones do, so
 * this runs before the server's address is told to anyone; the password is on disk before it is set, so that a kill
 * between the two leaves nothing locked.
 */
export async function ensureRoot(folder: string, kind: ServerKind, port: number): Promise<RootUser> {
  const path = join(folder, "root.json");
  const known = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as RootFile,
    () => null,
  );
  const root: RootFile = known ?? { username: "platform", password: randomBytes(24).toString("base64url"), accepted: false };
  if (root.accepted && (kind === "secantusd" || root.port === port)) return root;
  if (!known) await writeWhole(path, JSON.stringify(root));
  if (kind === "mongod") await joinReplicaSet(root, port);
  if (!(await isAccepted(root, port))) await createRoot(root, port);
  await writeWhole(path, JSON.stringify({ ...root, accepted: true, port } satisfies RootFile));
  return root;
}

async function isAccepted(root: RootUser, port: number): Promise<boolean> {
  try {
    await withClient(serverUrl(port, root), (client) => client.db("admin").command({ ping: 1 }));
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === authenticationFailed) return false;
    throw error;
  }
}

async function createRoot(root: RootUser, port: number): Promise<void> {
  try {
    await withClient(serverUrl(port), (client) =>
      client.db("admin").command({ createUser: root.username, pwd: root.password, roles: ["root"] }),
    );
  } catch (error) {
    throw new Error(
      "The embedded database has a password that is not in its root.json any more. Restore that file from a backup, or move the folder away to begin anew.",
      {
        cause: error,
      },
    );
  }
}

/** Makes the one-node set, or tells it its new port when the old one was taken. */
async function joinReplicaSet(root: RootFile, port: number): Promise<void> {
  const member = { _id: 0, host: `127.0.0.1:${port}` };
  await withClient(serverUrl(port, root.accepted ? root : undefined), async (client) => {
    const admin = client.db("admin");
    if (root.accepted) {
      const { config } = await admin.command({ replSetGetConfig: 1 });
      await admin.command({
        replSetReconfig: { ...config, version: config.version + 1, members: [{ ...config.members[0], ...member }] },
        force: true,
      });
    } else {
      const hello = await admin.command({ hello: 1 });
      if (!hello["setName"]) await admin.command({ replSetInitiate: { _id: replicaSetName, members: [member] } });
    }
    const deadline = Date.now() + 30_000;
    while (!(await admin.command({ hello: 1 }))["isWritablePrimary"]) {
      if (Date.now() > deadline) throw new Error(`mongod did not become primary of its own replica set`);
      await sleep(50);
    }
  });
}

async function withClient<Result>(url: string, use: (client: mongo.MongoClient) => Promise<Result>): Promise<Result> {
  // Loaded here: a start that finds everything in order does without the driver.
  const { default: mongoose } = await import("mongoose");
  const client = new mongoose.mongo.MongoClient(url, {
    serverSelectionTimeoutMS: 10_000,
    maxPoolSize: 1,
    appName: "fastapi-platform-start",
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
