import { createHmac, timingSafeEqual } from "node:crypto";

export type DoorService = "egress" | "mongo";

/** The longest line that can be right is 81 bytes; what is longer is not waited for. */
export const mostLineBytes = 128;

const line = /^FP1 (egress|mongo) ([0-9a-f]{24}) ([A-Za-z0-9_-]{43})$/;

/** What an app's pods show at the door: only who holds `key` can make it, and it is good for this app alone. */
export function doorCredential(key: string, appId: string): string {
  return createHmac("sha256", key).update(appId).digest("base64url");
}

/** Reads the line, without its end. Null when it is no such line, or the credential is not the app's. */
export function readPreamble(text: string, key: string): { service: DoorService; appId: string } | null {
  const [, service, appId, credential] = line.exec(text) ?? [];
  if (service === undefined || appId === undefined || credential === undefined) return null;
  // Both have 43 characters: how long the comparison takes says nothing about how much of it was right.
  if (!timingSafeEqual(Buffer.from(credential), Buffer.from(doorCredential(key, appId)))) return null;
  return { service: service as DoorService, appId };
}
