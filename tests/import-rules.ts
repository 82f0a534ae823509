/** Who may import whom: the table of the architecture, as data, and the judge of one import. Pure. */

export interface Import {
  /** From the checkout's root: `server/apps/index.ts`. */
  from: string;
  /** A path from the root for our own files, else a package's specifier: `zod`, `node:fs`. */
  to: string;
  own: boolean;
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
}

interface Zone {
  name: string;
  files: RegExp;
  /** Own files it may import, by value or type. Its own folder is always allowed. */
  may: readonly RegExp[];
  /** Own files it may import as types only. */
  mayTypes?: readonly RegExp[];
  packages: RegExp;
}

const domains = [
  "accounts",
  "apps",
  "databases",
  "deployments",
  "drafts",
  "requests",
  "logs",
  "templates",
  "packages",
  "metrics",
  "egress",
  "settings",
  "gateway",
] as const;
const domainIndex = new RegExp(`^server/(${domains.join("|")})/index\\.ts$`);
const core = /^core\//;
const paint = /^(react|react-dom|@base-ui\/react|class-variance-authority|clsx|tailwind-merge|lucide-react|react-resizable-panels)($|\/)/;
const browser = new RegExp(
  `${paint.source}|^(react-router|zustand|monaco-editor|recharts|@tanstack/react-table|@astral-sh/ruff-wasm-web|zod|@lezer/(common|python))($|/)`,
);

/** The first zone whose `files` match counts. */
export const zones: readonly Zone[] = [
  { name: "core", files: core, may: [], packages: /^(zod|yaml|fflate|@lezer\/(common|python))($|\/)/ },
  { name: "components/ui", files: /^app\/components\/ui\//, may: [], packages: paint },
  { name: "components and stores", files: /^app\/(components|stores)\//, may: [core, /^app\/(components|stores)\//], packages: browser },
  {
    name: "routes",
    files: /^app\//,
    // The list of built-in packages is data that the editor completes from.
    may: [core, /^app\//, /^server\/http\//, /^runner\/packages\.json$/],
    mayTypes: [/^server\/services\.ts$/, domainIndex, /^\.react-router\//],
    packages: new RegExp(
      `${browser.source}|^(@react-router/(node|dev)|@fontsource-variable/jetbrains-mono|isbot|virtual:pyright-worker-url|node:stream|node:crypto)($|/)`,
    ),
  },
  {
    name: "the edge",
    files: /^server\/(api|http)\//,
    may: [core, /^server\/(api|http)\//, domainIndex],
    mayTypes: [/^server\/(services|config)\.ts$/, /^server\/runtime\/runtime\.ts$/],
    packages: /^(hono|@hono\/node-server|@hono\/zod-openapi|zod|ws|react-router|node:.+)($|\/)/,
  },
  ...domains.map((domain): Zone => ({
    name: domain,
    files: new RegExp(`^server/${domain}/`),
    // Two of them answer on bare sockets, as the edge does; what they need of it is pure.
    may: [core, /^server\/storage\/index\.ts$/, /^server\/runtime\/runtime\.ts$/, /^server\/http\/response-head\.ts$/, domainIndex],
    packages: /^(mongoose|zod|yaml|better-auth|better-call|@better-auth\/[a-z-]+|node:.+)($|\/)/,
  })),
  {
    name: "door",
    files: /^server\/door\//,
    may: [/^server\/egress\/index\.ts$/, /^server\/runtime\/forwarder\.ts$/],
    packages: /^node:.+$/,
  },
  {
    name: "local runtime",
    files: /^server\/runtime\/local\//,
    may: [core, /^server\/runtime\/[a-z-]+\.ts$/],
    packages: /^(zod|node:.+)$/,
  },
  {
    name: "kubernetes runtime",
    files: /^server\/runtime\/kubernetes\//,
    may: [core, /^server\/runtime\/[a-z-]+\.ts$/],
    // Of the cluster's client library types only: who imports those needs no rule.
    packages: /^(zod|yaml|node:.+)$/,
  },
  { name: "runtime port", files: /^server\/runtime\/[a-z-]+\.ts$/, may: [core], packages: /^(zod|node:.+)$/ },
  { name: "embedded server", files: /^server\/storage\/embedded\//, may: [], packages: /^(mongoose|node:.+)$/ },
  { name: "storage", files: /^server\/storage\//, may: [core], packages: /^(mongoose|zod|node:.+)$/ },
  {
    name: "preparation",
    files: /^server\/(prepare\/|main\.ts$)/,
    may: [/^server\/prepare\/index\.ts$/, /^server\/config\.ts$/, /^server\/storage\/embedded\/index\.ts$/],
    packages: /^(vite|node:.+)$/,
  },
  { name: "configuration", files: /^server\/config\.ts$/, may: [], packages: /^(zod|node:.+)$/ },
  { name: "cli", files: /^cli\//, may: [core], packages: /^node:.+$/ },
  // The composition root names adapters; nothing may be forbidden to it but the pages.
  { name: "composition", files: /^server\/[a-z-]+\.ts$/, may: [core, /^server\//, /^app\/.*\.server\.tsx?$/], packages: /./ },
];

/** Why this import is not allowed, or null. Tests, benchmarks and scripts may import anything. */
export function judgeImport({ from, to, own, typeOnly }: Import): string | null {
  const zone = zones.find(({ files }) => files.test(from));
  if (!zone) return null;
  const shown = `${from} (${zone.name}) must not import ${to}`;
  if (!own) return zone.packages.test(to) || typeOnly ? null : shown;
  if (zone.files.test(to) || zone.may.some((allowed) => allowed.test(to))) return null;
  if (zone.mayTypes?.some((allowed) => allowed.test(to))) return typeOnly ? null : `${shown} but as a type`;
  return shown;
}

/** A cycle among the domains' run-time imports, spelled `a → b → a`, or null. */
export function findDomainCycle(imports: readonly Import[]): string | null {
  const edges = new Map<string, Set<string>>();
  for (const { from, to, own, typeOnly } of imports) {
    const [source, target] = [domainOf(from), domainOf(to)];
    if (!own || typeOnly || !source || !target || source === target) continue;
    edges.set(source, (edges.get(source) ?? new Set()).add(target));
  }
  const visit = (domain: string, path: readonly string[]): string | null => {
    if (path.includes(domain)) return [...path.slice(path.indexOf(domain)), domain].join(" → ");
    for (const next of edges.get(domain) ?? []) {
      const cycle = visit(next, [...path, domain]);
      if (cycle) return cycle;
    }
    return null;
  };
  for (const domain of edges.keys()) {
    const cycle = visit(domain, []);
    if (cycle) return cycle;
  }
  return null;
}

function domainOf(path: string): string | null {
  const name = /^server\/([a-z-]+)\//.exec(path)?.[1];
  return name && (domains as readonly string[]).includes(name) ? name : null;
}
