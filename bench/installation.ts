/** Fills an installation with sleeping apps that differ from deployed ones in nothing but their number. */
import { randomBytes } from "node:crypto";
import mongoose from "mongoose";

const { ObjectId } = mongoose.mongo.BSON;
const batch = 1_000;

/**
 * Copies the app `appId` with its owner, database and versions until the installation has `total` apps, ten to a new owner, by
 * inserting what deploying it left in the platform's database under new names: each has live files, wakes, and is in every list.
 * `ofOwner` of the copies belong to the owner of `appId`. Answers the slugs of those.
 */
export async function fillWithSleepingApps(url: string, appId: string, total: number, ofOwner: number): Promise<string[]> {
  const client = await new mongoose.mongo.MongoClient(url).connect();
  try {
    const db = client.db();
    const app = await db.collection("apps").findOne({ _id: new ObjectId(appId) });
    if (!app?.["live"]) throw new Error("the app to copy was not deployed");
    const owner = await db.collection("users").findOne({ _id: new ObjectId(String(app["ownerId"])) });
    const database = await db.collection("databases").findOne({ _id: new ObjectId(String(app["databaseId"])) });
    const version = await db.collection("versions").findOne({ appId });
    const deployment = await db.collection("deployments").findOne({ appId, state: "succeeded" });
    if (!owner || !database || !version || !deployment) throw new Error("the app to copy has no owner, database, version or deployment");

    const missing = total - (await db.collection("apps").countDocuments({ deletedAt: null }));
    const made: Record<string, object[]> = { apps: [], versions: [], deployments: [], users: [], databases: [] };
    const write = async (): Promise<void> => {
      for (const [name, documents] of Object.entries(made))
        if (documents.length > 0) await db.collection(name).insertMany(documents.splice(0), { ordered: false });
    };
    const slugs: string[] = [];
    let now = { ownerId: String(app["ownerId"]), databaseId: String(app["databaseId"]) };
    for (let index = 0; index < missing; index += 1) {
      if (index >= ofOwner && (index - ofOwner) % 10 === 0) now = copyOwner(made, owner, database);
      const slug = copyApp(made, app, version, deployment, now);
      if (index < ofOwner) slugs.push(slug);
      if (made["apps"]!.length >= batch) await write();
    }
    await write();
    return slugs;
  } finally {
    await client.close();
  }
}

type Made = Record<string, object[]>;
type Document = mongoose.mongo.BSON.Document;

function copyOwner(made: Made, owner: Document, database: Document): { ownerId: string; databaseId: string } {
  const [ownerId, databaseId] = [new ObjectId(), new ObjectId()];
  made["users"]!.push({ ...owner, _id: ownerId, email: `${String(ownerId)}@example.com`, role: "user" });
  const physicalName = `user_${String(ownerId)}`;
  made["databases"]!.push({ ...database, _id: databaseId, ownerId: String(ownerId), physicalName, username: physicalName });
  return { ownerId: String(ownerId), databaseId: String(databaseId) };
}

function copyApp(
  made: Made,
  app: Document,
  version: Document,
  deployment: Document,
  owner: { ownerId: string; databaseId: string },
): string {
  const [id, deploymentId, slug] = [new ObjectId(), new ObjectId(), `copy-${randomBytes(8).toString("hex")}`];
  made["apps"]!.push({
    ...app,
    ...owner,
    _id: id,
    slug,
    name: `Copy ${slug}`,
    status: "sleeping",
    live: { ...(app["live"] as object), deploymentId: String(deploymentId) },
    lastDeployment: { id: String(deploymentId), state: "succeeded" },
  });
  made["versions"]!.push({ ...version, _id: new ObjectId(), appId: String(id), deploymentId: String(deploymentId) });
  made["deployments"]!.push({ ...deployment, _id: deploymentId, appId: String(id), ownerId: owner.ownerId, authorId: owner.ownerId });
  return slug;
}
