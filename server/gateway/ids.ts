import { randomBytes } from "node:crypto";

/** Random digits are drawn in blocks: one call to the system's source per some 200 requests. */
const BLOCK_BYTES = 4_096;
let digits = "";
let used = 0;

function randomHex(count: number): string {
  if (used + count > digits.length) {
    digits = randomBytes(BLOCK_BYTES).toString("hex");
    used = 0;
  }
  used += count;
  return digits.slice(used - count, used);
}

/** The time of the last id in hex: under load many share a millisecond, and a number of this size is slow to spell. */
let lastMs = -1;
let lastHex = "";

function toHexTime(atMs: number): string {
  if (atMs !== lastMs) {
    lastMs = atMs;
    lastHex = atMs.toString(16).padStart(12, "0");
  }
  return lastHex;
}

/** 32 hex digits, the first 12 the time in ms: ids sort by time, and one is a valid trace id. */
export function createRequestId(atMs: number): string {
  return toHexTime(atMs) + randomHex(20);
}

/** A W3C `traceparent` that starts a trace named like the request. */
export function createTraceparent(requestId: string): string {
  return `00-${requestId}-${randomHex(16)}-01`;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

export function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value);
}
