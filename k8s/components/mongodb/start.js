// Run by mongosh in the pod itself until it succeeds (the startup probe). Makes the replica set and the users on an empty server, whose
// first user needs no password from loopback and from nowhere else; later it sets the platform's password anew, should the Secret have
// another. Both passwords are files of the Secret.
/* global db, sleep, quit, require */
const { readFileSync } = require("node:fs");
const read = (name) => readFileSync(`/etc/mongodb/${name}`, "utf8").trim();
const admin = db.getSiblingDB("admin");
const tries = 100;

function signIn() {
  try {
    admin.auth("root", read("mongo-root-password"));
    return true;
  } catch {
    return false;
  }
}

if (!signIn()) {
  if (!admin.hello().setName) {
    // Its own loopback address: clients connect directly (directConnection=true), and it works before any name does.
    admin.runCommand({ replSetInitiate: { _id: "fp", members: [{ _id: 0, host: "127.0.0.1:27017" }] } });
  }
  for (let left = tries; left > 0 && !admin.hello().isWritablePrimary; left -= 1) sleep(100);
  admin.createUser({ user: "root", pwd: read("mongo-root-password"), roles: ["root"] });
  if (!signIn()) quit(1);
}
for (let left = tries; left > 0 && !admin.hello().isWritablePrimary; left -= 1) sleep(100);

// What the platform needs and nothing more: users of their own for users' databases, and to read and write.
const platform = {
  pwd: read("mongo-password"),
  roles: [
    { role: "userAdminAnyDatabase", db: "admin" },
    { role: "readWriteAnyDatabase", db: "admin" },
  ],
};
if (admin.getUser("platform")) admin.updateUser("platform", platform);
else admin.createUser({ user: "platform", ...platform });
