import { describe, expect, it } from "vitest";
import { isDatabaseGone } from "./database-gone.ts";

const named = (name: string, cause?: unknown): Error => Object.assign(new Error("x", { cause }), { name });
const socketError = (code: string, stack: string): Error =>
  Object.assign(new Error("This socket has been ended by the other party"), { code, stack });

describe("a database that is away", () => {
  it("is told by the driver's names, also when another error wraps them", () => {
    expect(isDatabaseGone(named("MongoNetworkError"))).toBe(true);
    expect(isDatabaseGone(named("AppError", named("MongoServerSelectionError")))).toBe(true);
    expect(isDatabaseGone(named("MongoServerError"))).toBe(false);
    expect(isDatabaseGone("MongoNetworkError")).toBe(false);
  });

  it("is told by a broken socket of the driver, and by nobody else's", () => {
    const ofDriver = "Error: x\n    at Connection.writeCommand (/x/node_modules/mongodb/lib/cmap/connection.js:408:29)";
    expect(isDatabaseGone(socketError("EPIPE", ofDriver))).toBe(true);
    expect(isDatabaseGone(socketError("ECONNRESET", ofDriver))).toBe(true);
    expect(isDatabaseGone(socketError("ENOENT", ofDriver))).toBe(false);
    expect(isDatabaseGone(socketError("EPIPE", "Error: x\n    at Socket.write (/x/server/runtime/local/zygote.ts:1:1)"))).toBe(false);
  });
});
