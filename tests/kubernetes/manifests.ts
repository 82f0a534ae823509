/** The manifests as kubectl builds them, for tests. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import { kubectl } from "./apps-namespace.ts";

export const k8sFolder = join(import.meta.dirname, "../../k8s");

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // What the kinds hold is Kubernetes' affair; each test says what it looks at.
  // oxlint-disable-next-line typescript/no-explicit-any
  [field: string]: any;
}

export interface Container {
  name: string;
  image: string;
  ports?: { name?: string; containerPort: number }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  readinessProbe?: object;
  livenessProbe?: object;
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[];
}

export interface PodTemplate {
  metadata: { labels: Record<string, string> };
  spec: {
    containers: Container[];
    initContainers?: Container[];
    automountServiceAccountToken?: boolean;
    serviceAccountName?: string;
    priorityClassName?: string;
    securityContext?: Record<string, unknown>;
    volumes?: { secret?: { secretName: string; items: { key: string }[] } }[];
  };
}

export const parseManifests = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest);

/** `kubectl kustomize` of a folder below `k8s`. */
export const buildManifests = async (folder: string): Promise<Manifest[]> =>
  parseManifests(await kubectl(["kustomize", join(k8sFolder, folder)]));

/** The same of a kustomization that is written for the test; paths in it are from `k8s`. */
export async function buildKustomization(kustomization: { resources: string[]; components?: string[] }): Promise<Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), "fp-kustomize-"));
  const toPath = (path: string): string => relative(folder, join(k8sFolder, path));
  try {
    const text = JSON.stringify({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: kustomization.resources.map(toPath),
      components: (kustomization.components ?? []).map(toPath),
    });
    await writeFile(join(folder, "kustomization.yaml"), text);
    return parseManifests(await kubectl(["kustomize", folder]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Deployments, StatefulSets and DaemonSets, with what their pods are made from. */
export const findWorkloads = (manifests: readonly Manifest[]): { manifest: Manifest; name: string; template: PodTemplate }[] =>
  manifests
    .filter(({ spec }) => spec?.template?.spec?.containers)
    .map((manifest) => ({
      manifest,
      name: `${manifest.kind} ${manifest.metadata.name}`,
      template: manifest["spec"].template as PodTemplate,
    }));

/** Whether a `matchLabels`-like map selects these labels. */
export const selects = (wanted: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);
