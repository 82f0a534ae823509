import { randomFillSync } from "node:crypto";

/** Random bytes are drawn in blocks: one call to the system's source per some 400 requests. */
const block = Buffer.allocUnsafeSlow(8_192);
let used = block.length;

function randomHex(bytes: number): string {
  if (used + bytes > block.length) {
    randomFillSync(block);
    used = 0;
  }
  const hex = block.toString("hex", used, used + bytes);
  used += bytes;
  return hex;
}

/** 32 hex digits, the first 12 the time in ms: ids sort by time, and one is a valid trace id. */
export function createRequestId(atMs: number): string {
  return atMs.toString(16).padStart(12, "0") + randomHex(10);
}

/** A W3C `traceparent` that starts a trace named like the request. */
export function createTraceparent(requestId: string): string {
  return `00-${requestId}-${randomHex(8)}-01`;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

export function isTraceparent(value: string): boolean {
  return TRACEPARENT.test(value);
}
