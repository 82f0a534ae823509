import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { checkPath } from "#core/bundle-paths.ts";
import type { Files } from "#core/contract/files.ts";
import { compileSeccomp } from "../seccomp.ts";
import type { InstanceSpec } from "../runtime.ts";
import { configMapName, labels } from "./names.ts";
import { toFileKey, toItems } from "./objects-content.ts";
import {
  claimJson,
  claimOf,
  toAppClaim,
  toClaimPatch,
  toConfigMap,
  toDeployment,
  toOwner,
  toPoolDeployment,
  toPoolKey,
  toProbePods,
  toSecret,
  toWarmPod,
  type PodOptions,
} from "./objects.ts";
import { seccompEnvironment } from "./seccomp-env.ts";

const files: Files = {
  "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
  "pages/über uns.html": "<h1>Über uns</h1>\n",
  "..odd.py": "",
  "static/dot.png": { base64: "iVBORw0KGgo=" },
};

const spec: InstanceSpec = {
  appId: "66f0c0ffee66f0c0ffee66f0",
  slug: "guestbook",
  version: 3,
  bundleHash: "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
  readFiles: () => Promise.resolve(files),
  entrypoint: "main:app",
  env: { GREETING: "hello", API_KEY: "s3cr3t" },
  sessionKey: "signs-sessions",
  database: { name: "db_guestbook", username: "guest", password: "word" },
  limits: { memoryMiB: 256, cpus: 0.5, processes: 128, concurrency: 80 },
};

const options: PodOptions = {
  namespace: "fastapi-platform-apps",
  image: "registry.example/fastapi-platform-runner:1",
  door: "10.96.0.20:3129",
};
const place = { namespace: options.namespace, owner: toOwner(spec.appId, "0b9f1c1e-0000-4000-8000-000000000001") };

/** As people read it; the filter is a page of base64 and has a test of its own. */
const show = (object: unknown): string => stringify(object, { lineWidth: 0 }).replaceAll(/value: '\{"x86_64.*/g, "value: <seccomp>");
const golden = (name: string): string => `./golden/${name}.yaml`;

describe("the objects of an app", () => {
  it("are these, to the letter", async () => {
    const deployment = toDeployment(spec, { ...options, files, credential: "opens-the-door", replicas: 1 });
    await expect(show(deployment)).toMatchFileSnapshot(golden("deployment"));
    await expect(show(toConfigMap(spec, files, place))).toMatchFileSnapshot(golden("config-map"));
    await expect(show(toSecret(spec, toAppClaim(spec, "opens-the-door"), place))).toMatchFileSnapshot(golden("secret"));
  });

  it("fit together: the template starts from what the ConfigMap and the Secret are called, and maps every file back", () => {
    const deployment = toDeployment(spec, { ...options, files, credential: "c" });
    const volumes = deployment.spec!.template.spec!.volumes!;
    const configMap = toConfigMap(spec, files, place);
    const code = volumes.find(({ name }) => name === "code")!.configMap!;
    expect(code.name).toBe(configMap.metadata!.name);
    expect(volumes.find(({ name }) => name === "claim")!.secret!.secretName).toBe(
      toSecret(spec, toAppClaim(spec, "c"), place).metadata!.name,
    );
    const kept = { ...configMap.data, ...configMap.binaryData };
    expect(code.items!.map(({ key }) => key).toSorted()).toEqual(Object.keys(kept).toSorted());
    expect(code.items!.map(({ path }) => path)).toEqual(
      Object.keys(files)
        .toSorted()
        .map((path) => `code/${path}`),
    );
    expect(Buffer.from(configMap.binaryData![toFileKey("static/dot.png")]!, "base64")).toEqual(Buffer.from("iVBORw0KGgo=", "base64"));
  });

  it("leave the number of instances alone when it is not given", () => {
    expect(toDeployment(spec, { ...options, files, credential: null }).spec).not.toHaveProperty("replicas");
    expect(toPoolDeployment(spec.limits, options).spec).not.toHaveProperty("replicas");
  });

  it("hold secrets in the Secret and nowhere else", () => {
    const open = JSON.stringify([toDeployment(spec, { ...options, files, credential: "opens-the-door" }), toConfigMap(spec, files, place)]);
    for (const secret of ["s3cr3t", "opens-the-door", "signs-sessions", "word", "API_KEY"]) expect(open).not.toContain(secret);
  });

  it("change their names with their content, and only then", () => {
    const nameOf = (changed: Partial<InstanceSpec>, credential = "c") => {
      const each = { ...spec, ...changed };
      return toSecret(each, toAppClaim(each, credential), place).metadata!.name;
    };
    expect(nameOf({ env: { API_KEY: "s3cr3t", GREETING: "hello" } })).toBe(nameOf({}));
    expect(nameOf({ env: { ...spec.env, GREETING: "hi" } })).not.toBe(nameOf({}));
    expect(nameOf({}, "another")).not.toBe(nameOf({}));
  });

  it("above a ConfigMap's or Secret's 1 MiB are refused in words", () => {
    const large = { "main.py": "x".repeat(1_048_600) };
    expect(() => toConfigMap(spec, large, place)).toThrow(
      expect.objectContaining({
        code: "payload_too_large",
        message: expect.stringContaining("1 MB; on a cluster they are kept in a ConfigMap"),
      }),
    );
    const wide = { ...spec, env: { BIG: "x".repeat(1_048_600) } };
    expect(() => toSecret(wide, toAppClaim(wide, null), place)).toThrow(expect.objectContaining({ code: "payload_too_large" }));
  });
});

describe("the objects of the platform itself", () => {
  it("are these, to the letter", async () => {
    await expect(show(toPoolDeployment(spec.limits, { ...options, replicas: 2 }))).toMatchFileSnapshot(golden("pool"));
    await expect(show(toPoolKey("k".repeat(43), options))).toMatchFileSnapshot(golden("pool-key"));
    const gvisor = { ...options, runtimeClass: "gvisor", imagePullPolicy: "Never" as const };
    await expect(show(toWarmPod({ component: "check", limits: spec.limits, id: "a1b2c3" }, gvisor))).toMatchFileSnapshot(
      golden("check-pod"),
    );
    const { listener, connector } = toProbePods("a1b2c3", options);
    await expect(show([listener, connector("10.0.0.9")])).toMatchFileSnapshot(golden("probe-pods"));
    const claim = {
      component: "app",
      appId: spec.appId,
      spec: "00112233",
      version: 3,
      state: "serving",
      podTemplateHash: "6d4cf56db6",
      claimedAt: new Date(0),
    } as const;
    await expect(show(toClaimPatch(claim))).toMatchFileSnapshot(golden("claim-patch"));
  });

  it("no key that can be guessed is made a pool's", () => {
    expect(() => toPoolKey("short", options)).toThrow("too short");
  });

  it("a claim takes a pod out of the pool's hands, and one without a ReplicaSet into nobody's", () => {
    const selector = toPoolDeployment(spec.limits, options).spec!.selector.matchLabels!;
    const patch = toClaimPatch({
      component: "app",
      appId: "a",
      spec: "s",
      version: 1,
      state: "loading",
      podTemplateHash: null,
      claimedAt: new Date(),
    });
    for (const [name, value] of Object.entries(selector)) expect(patch.metadata.labels[name]).not.toBe(value);
    expect(patch.metadata.labels[labels.podTemplateHash]).toBeNull();
  });

  it("what is only checked has no way out", () => {
    const names = (component: "app" | "check") =>
      toWarmPod({ component, limits: spec.limits }, options).spec!.containers[0]!.env!.map(({ name }) => name);
    expect(names("app")).toContain("FP_DOOR");
    expect(names("check")).not.toContain("FP_DOOR");
  });
});

describe("the claim", () => {
  it("is what the plan says, with files for a hand-off and without for a Secret", () => {
    expect(claimOf(spec, { mode: "serve", instance: "pod-1", credential: "c", files, loadMs: 5_000 })).toEqual({
      mode: "serve",
      instance: "pod-1",
      appId: spec.appId,
      slug: "guestbook",
      version: 3,
      entrypoint: "main:app",
      env: spec.env,
      database: spec.database,
      sessionKey: "signs-sessions",
      concurrency: 80,
      loadMs: 5_000,
      memoryMiB: 256,
      door: { credential: "c" },
      files,
    });
    expect(JSON.parse(claimJson(spec, { mode: "check", instance: null, credential: null }))).toMatchObject({ door: null, loadMs: 30_000 });
    expect(JSON.parse(toAppClaim(spec, "c"))).not.toHaveProperty("files");
  });
});

describe("whatever users call things", () => {
  const hostile = fc.string({ unit: "binary", maxLength: 60 });
  const paths = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 20 });

  it("every file has a key that the API server takes, and no two share one", () => {
    fc.assert(
      fc.property(paths, (all) => {
        const keys = toItems(all).map(({ key }) => key);
        for (const key of keys) expect(key).toMatch(/^[0-9a-f][-._a-zA-Z0-9]{0,252}$/);
        expect(new Set(keys).size).toBe(all.length);
      }),
    );
  });

  it("every path that a bundle may have can be mounted", () => {
    fc.assert(
      fc.property(paths, (all) => {
        const allowed = all.map((path) => `${path}.py`).filter((path) => checkPath(path) === null);
        const made = toDeployment(spec, { ...options, files: Object.fromEntries(allowed.map((path) => [path, ""])), credential: null });
        const { items } = made.spec!.template.spec!.volumes!.find(({ name }) => name === "code")!.configMap!;
        // The API server's rules: relative, no part that is "..", not beginning with "..".
        for (const { path } of items!) {
          expect(path.startsWith("code/")).toBe(true);
          expect(path.split("/")).not.toContain("..");
        }
      }),
    );
  });

  it("nothing of it reaches a pod but as the claim's text", () => {
    const plain = toDeployment(spec, { ...options, files, credential: null });
    fc.assert(
      fc.property(hostile, fc.dictionary(hostile, hostile), hostile, (slug, env, entrypoint) => {
        const named = { ...spec, slug, env, entrypoint, sessionKey: slug, database: { name: slug, username: slug, password: slug } };
        const made = toDeployment(named, { ...options, files, credential: null });
        const claim = JSON.parse(Buffer.from(toSecret(named, toAppClaim(named, null), place).data!["claim.json"]!, "base64").toString());
        expect(claim.env).toEqual(
          Object.fromEntries(Object.entries(env).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()])),
        );
        // But for the names that are hashes of the content, and the slug in an annotation, it is the same object.
        const bare = (object: typeof made) =>
          JSON.stringify(object, (key, value: unknown) => (["secretName", labels.spec, "annotations"].includes(key) ? null : value));
        expect(bare(made)).toBe(bare(plain));
      }),
    );
  });

  it("an id that is none makes no object", () => {
    expect(() => toDeployment({ ...spec, appId: "a/../b" }, { ...options, files, credential: null })).toThrow(
      expect.objectContaining({ code: "invalid_input" }),
    );
  });
});

it("the system call filter is told for both architectures, as it is compiled", () => {
  const told = JSON.parse(seccompEnvironment()) as Record<string, string>;
  expect(Object.keys(told)).toEqual(["x86_64", "aarch64"]);
  expect(Buffer.from(told["aarch64"]!, "base64")).toEqual(compileSeccomp("arm64"));
  expect(configMapName("a", "0".repeat(64))).toBe("app-a-code-0000000000");
});
