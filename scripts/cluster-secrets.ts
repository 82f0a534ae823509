/**
 * `npm run cluster:secrets`: makes the platform's Secret on the cluster of `KUBECONFIG`, once. What is there is kept, what is missing
 * is added, so that it may be run again at any time; nothing is printed but where to read the setup code.
 *   --mongo-url <url>      a MongoDB of yours instead of the one that the manifests bring
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { completeSecrets } from "./cluster/secrets.ts";
import { runCommand } from "./command.ts";

const namespace = "fastapi-platform";
const name = "fastapi-platform";
const namespaces = join(import.meta.dirname, "../k8s/base/common/namespaces.yaml");

await runCommand(async (print) => {
  const { values } = parseArgs({ options: { "mongo-url": { type: "string" } } });
  kubectl(["apply", "-f", namespaces]);
  const text = kubectl(["get", "secret", name, "--namespace", namespace, "--ignore-not-found", "--output", "json"]);
  const found = text.trim() === "" ? {} : ((JSON.parse(text) as { data?: Record<string, string> }).data ?? {});
  const { secrets, added } = completeSecrets(
    Object.fromEntries(Object.entries(found).map(([key, value]) => [key, Buffer.from(value, "base64").toString()])),
    (bytes) => randomBytes(bytes).toString("hex"),
    values["mongo-url"],
  );
  if (added.length === 0) return print(`The Secret ${name} is complete; nothing was changed.`);
  // By standard input: arguments are readable by every user of this machine.
  const object = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { "app.kubernetes.io/part-of": "fastapi-platform" } },
    type: "Opaque",
    stringData: secrets,
  };
  kubectl(["apply", "--server-side", "--field-manager=cluster-secrets", "--filename", "-"], JSON.stringify(object));
  print(`The Secret ${name} has ${added.join(", ")} now. Keep a copy: without secret-key no backup of the database can be read.`);
  print("The first account becomes the administrator; it needs the setup code:");
  print(`  kubectl get secret ${name} -n ${namespace} -o jsonpath='{.data.setup-code}' | base64 -d`);
});

function kubectl(rest: readonly string[], input?: string): string {
  try {
    return execFileSync("kubectl", rest, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    if (code === "ENOENT") throw new Error("kubectl is not on PATH", { cause: error });
    throw new Error(`kubectl ${rest[0]} failed: ${stderr?.trim()}`, { cause: error });
  }
}
