import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findOneNode, parseExports, runShown } from "./one-node.ts";

test("what the cluster's start says to a shell is understood", () => {
  const text = "export KUBECONFIG=/state/admin.kubeconfig\nexport PATH=/state/bin:$PATH\n";
  expect(parseExports(text, { PATH: "/usr/bin" })).toEqual({ KUBECONFIG: "/state/admin.kubeconfig", PATH: "/state/bin:/usr/bin" });
  expect(parseExports("one-node-k8s: nothing\n", {})).toEqual({});
});

test("a machine without a cluster beside the checkout is told from one that has it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fp-one-node-"));
  try {
    expect(await findOneNode(join(folder, "main"))).toBeNull();
    await mkdir(join(folder, "shared/cluster"), { recursive: true });
    await writeFile(join(folder, "shared/cluster/up"), "#!/bin/sh\n", { mode: 0o755 });
    expect(await findOneNode(join(folder, "main"))).toBe(join(folder, "shared/cluster"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a command that fails is an error, and not an empty answer", async () => {
  expect(await runShown("echo", ["said"])).toBe("said\n");
  await expect(runShown("false", [])).rejects.toThrow("false ended with 1");
});
