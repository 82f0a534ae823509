/**
 * The way of pods to what they may reach: one TCP listener of the egress role, behind which stand the egress proxy and the
 * database. A connection says in one line which of the two it wants and whose it is; the bytes after it are between the app and
 * what it asked for.
 *
 * Guarantees: who does not show the credential of an app gets nothing, not a byte; a line that does not come in time, or is longer
 * than one can be, ends its connection; one address cannot take everybody's room to say theirs; limits and counts are by app, over
 * all of its pods that come to this process.
 *
 * Does not: encrypt (the cluster's network does, where it must), or look into what passes.
 */
export { createDoor, type Door, type DoorOptions } from "./door.ts";
export { doorCredential } from "./preamble.ts";
