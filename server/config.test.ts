import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const cluster = {
  RUNTIME: "kubernetes",
  MONGO_URL: "mongodb://database:27017",
  SECRET_KEY: "a secret of thirty-two characters",
  RUNNER_IMAGE: "registry.example/runner:1",
};

const wordsOf = (environment: NodeJS.ProcessEnv): string => {
  try {
    readConfig(environment);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

test("without any variable one process is everything, for this machine only", () => {
  const config = readConfig({});
  expect(config).toMatchObject({ runtime: "local", role: "all", host: "127.0.0.1", loopbackOnly: true, cluster: undefined });
  expect(config.duties).toEqual(["web", "gateway", "worker"]);
  // What a manifest leaves empty is as if it were not there.
  expect(readConfig({ HOST: "", MONGO_URL: "", METRICS_PORT: "", SETUP_CODE: "" })).toEqual(config);
});

test("on this machine there are no roles, and it is said why", () => {
  for (const ROLE of ["web", "gateway", "worker", "egress"])
    expect(wordsOf({ ROLE })).toMatch(/ROLE: with RUNTIME=local one process is everything/);
  expect(wordsOf({ ROLE: "boss" })).toMatch(/ROLE: /);
});

test("a cluster names all that it lacks at once, and why", () => {
  const words = wordsOf({ RUNTIME: "kubernetes", APPS_ADDRESSING: "port", METRICS_PORT: "3000" });
  for (const part of [
    "SECRET_KEY: RUNTIME=kubernetes needs it: or SECRET_KEY_FILE",
    "MONGO_URL: RUNTIME=kubernetes needs it",
    "RUNNER_IMAGE: RUNTIME=kubernetes needs it",
    "APPS_ADDRESSING: on a cluster",
    "METRICS_PORT: it must be another port",
    "See docs/configuration.md.",
  ])
    expect(words).toContain(part);
});

test("a cluster's roles, defaults and addresses", () => {
  const config = readConfig(cluster);
  expect(config).toMatchObject({ role: "all", host: "0.0.0.0", loopbackOnly: false, doorPort: 3129, metricsPort: undefined });
  expect(config.duties).toEqual(["web", "gateway", "worker", "egress"]);
  expect(config.cluster).toEqual({
    appsNamespace: "fastapi-platform-apps",
    runnerImage: "registry.example/runner:1",
    runtimeClass: undefined,
    parkAfter: 500,
    doorAddress: undefined,
    kubeconfig: undefined,
  });
  const egress = readConfig({ ...cluster, ROLE: "egress", GATEWAY_ADDRESS: "[fd00::1]:80", DOOR_ADDRESS: "egress.platform.svc:3129" });
  expect(egress.duties).toEqual(["egress"]);
  expect(egress.gatewayAddress).toEqual({ host: "fd00::1", port: 80 });
  // On loopback too: the first sign-up needs the code, whoever may reach a pod.
  expect(readConfig({ ...cluster, HOST: "127.0.0.1" }).loopbackOnly).toBe(false);
});

test.each([
  ["DOOR_ADDRESS", "egress", "is host:port"],
  ["GATEWAY_ADDRESS", "http://gateway:80", "is host:port"],
  ["APPS_NAMESPACE", "Apps_1", "is no name that Kubernetes knows"],
  ["RUNTIME_CLASS", "-kata", "is no name that Kubernetes knows"],
  ["METRICS_PORT", "70000", "METRICS_PORT"],
  ["SETUP_CODE", "short", "SETUP_CODE"],
])("%s=%s is refused in words", (name, value, words) => {
  expect(wordsOf({ ...cluster, [name]: value })).toContain(words);
});

test("the setup code comes from the variable or from its file", () => {
  const folder = mkdtempSync(join(tmpdir(), "fp-config-"));
  try {
    const path = join(folder, "code");
    writeFileSync(path, "  from-a-secret\n");
    expect(readConfig({ ...cluster, SETUP_CODE_FILE: path }).setupCode).toBe("from-a-secret");
    expect(readConfig({ ...cluster, SETUP_CODE: "by-variable" }).setupCode).toBe("by-variable");
    writeFileSync(path, "\n");
    expect(wordsOf({ ...cluster, SETUP_CODE_FILE: path })).toContain("holds no code");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
