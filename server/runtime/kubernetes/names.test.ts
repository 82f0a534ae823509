import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  configMapName,
  deploymentName,
  labels,
  parseConfigMapName,
  parseDeploymentName,
  parsePodLabels,
  parseSecretName,
  requireAppId,
  secretName,
} from "./names.ts";

const appIds = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/);
const hashes = fc.stringMatching(/^[0-9a-f]{64}$/);
/** What the API server takes as a name that pods are called by. */
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

describe("names of an app's objects", () => {
  it("lead back to the app, whatever its id looks like", () => {
    fc.assert(
      fc.property(appIds, hashes, (appId, hash) => {
        expect(parseDeploymentName(deploymentName(appId))).toBe(appId);
        expect(parseConfigMapName(configMapName(appId, hash))).toEqual({ appId, bundle: hash.slice(0, 10) });
        expect(parseSecretName(secretName(appId, hash))).toEqual({ appId, content: hash.slice(0, 10) });
      }),
    );
  });

  it("are names that a cluster takes", () => {
    fc.assert(
      fc.property(appIds, hashes, (appId, hash) => {
        for (const name of [deploymentName(appId), configMapName(appId, hash), secretName(appId, hash)]) expect(name).toMatch(dnsLabel);
      }),
    );
  });

  it("are not made of what is no app's id or no hash", () => {
    for (const id of ["", "A", "a/b", "a b", "-a", "a-", "ü", "a".repeat(41), "a\nb", "../x"]) {
      expect(() => requireAppId(id), id).toThrow(expect.objectContaining({ code: "invalid_input" }));
    }
    expect(() => configMapName("a", "../../etc")).toThrow(expect.objectContaining({ code: "invalid_input" }));
  });

  it("of others are nobody's", () => {
    expect(parseDeploymentName("pool")).toBeNull();
    expect(parseDeploymentName("app-")).toBeNull();
    expect(parseConfigMapName("kube-root-ca.crt")).toBeNull();
    expect(parseConfigMapName("app-a-env-0123456789")).toBeNull();
    expect(parseSecretName("pool-key")).toBeNull();
    expect(parseSecretName("app-a-code-0123456789")).toBeNull();
  });
});

describe("labels of a pod", () => {
  const own = { [labels.managedBy]: "fastapi-platform", [labels.component]: "app" };

  it("say what it is", () => {
    const given = {
      ...own,
      [labels.app]: "demo",
      [labels.version]: "7",
      [labels.spec]: "0011223344556677",
      [labels.state]: "serving",
      [labels.start]: "warm",
      [labels.podTemplateHash]: "abc",
    };
    expect(parsePodLabels(given)).toEqual({
      component: "app",
      appId: "demo",
      version: 7,
      spec: "0011223344556677",
      state: "serving",
      startedWarm: true,
      podTemplateHash: "abc",
    });
  });

  it("that somebody changed by hand mislead nobody", () => {
    expect(parsePodLabels({ ...own, [labels.version]: "-3", [labels.state]: "asleep" })).toMatchObject({ version: 0, state: null });
    expect(parsePodLabels({ ...own, [labels.component]: "web" })).toBeNull();
    expect(parsePodLabels({ [labels.component]: "app" })).toBeNull();
    expect(parsePodLabels(undefined)).toBeNull();
  });
});
