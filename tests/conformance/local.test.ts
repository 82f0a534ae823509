/** The local runtime, with real runners, held to the conformance suite. */
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { createLocalRuntime } from "#server/runtime/local/index.ts";
import { describeRuntime } from "./runtime-suite.ts";

const python = process.env["FP_PYTHON"];
const runnerDir = join(import.meta.dirname, "../../runner");
const sandboxes = process.platform === "linux" && existsSync("/usr/bin/bwrap");

if (python) {
  describeRuntime(
    "local runtime",
    async (specOf) => {
      const dataDir = mkdtempSync(join(tmpdir(), "fp-"));
      const outside = createServer((socket) => socket.end("reached")).listen(0, "127.0.0.1");
      await new Promise((resolve) => outside.once("listening", resolve));
      const port = (outside.address() as AddressInfo).port;
      const runtime = createLocalRuntime({
        dataDir,
        python,
        runnerDir,
        warmPool: 2,
        mongo: { address: () => ({ host: "127.0.0.1", port }) },
        specOf,
        logger: { info: () => {}, warn: (message) => console.warn(message) },
      });
      return {
        runtime,
        outsidePort: port,
        secretPaths: [dataDir, join(dataDir, "bundles"), join(dataDir, "run"), process.cwd(), "/etc/shadow", "/proc/1/root/etc/shadow"],
        close: async () => {
          outside.close();
          const left = existsSync(join(dataDir, "run")) ? readdirSync(join(dataDir, "run")) : [];
          await rm(dataDir, { recursive: true, force: true });
          if (left.length > 0) throw new Error(`the runtime left ${left.join(", ")} behind`);
        },
      };
    },
    { limitsMemory: sandboxes, isolates: sandboxes && "no network" },
  );
} else {
  describe("local runtime", () => it.skip("needs a Python environment with the runner's packages"));
}
