import type { EnvVar } from "#core/contract/app.ts";
import { AppError, type FieldProblem } from "#core/contract/problem.ts";
import { appLimits } from "#core/limits.ts";
import { createCopies, type Storage, type Vault } from "#server/storage/index.ts";
import type { AppModels, EnvDocument } from "./models.ts";

/** Names that the platform sets, or that would change how the runner itself starts. */
const reserved = /^(PLATFORM_|FP_|LD_|PYTHON)|^(PATH|HOME|APP_NAME|APP_SLUG|APP_URL|HTTPS?_PROXY|ALL_PROXY|NO_PROXY)$/i;

export interface AppEnv {
  list(appId: string): Promise<EnvVar[]>;
  /** Names only: nothing is deciphered. */
  listNames(appId: string): Promise<string[]>;
  replace(appId: string, vars: readonly EnvVar[]): Promise<EnvVar[]>;
  /** Every variable with its value; for the runtime only. */
  open(appId: string): Promise<Record<string, string>>;
  /** The same for a wake: from a copy in memory where there is one. */
  recall(appId: string): Promise<Record<string, string>>;
  /** Keeps copies until `signal` aborts. */
  keepCopies(signal: AbortSignal): void;
  copy(fromAppId: string, toAppId: string): Promise<void>;
}

/** What a variable is sealed for. */
export const envContext = (appId: string, name: string): string => `env/${appId}/${name}`;

type StoredVars = EnvDocument["vars"][number][];

/** Apps whose variables are kept in memory, and how much of it they may take: a thousand apps with 16 KB each. */
const mostCopies = 10_000;
const mostCopiedBytes = 16 * 1_048_576;

/** Variables of apps, each sealed for its app and name. */
export function createAppEnv({ env }: AppModels, storage: Storage, vault: Vault): AppEnv {
  const stored = async (appId: string): Promise<StoredVars> => (await env.findById(appId).lean())?.vars ?? [];
  // Copies stay sealed: deciphering one takes 20 µs, and what lies in memory for days is no readable secret.
  const copies = createCopies<StoredVars>({
    model: env as never,
    storage,
    load: stored,
    sizeOf: (vars) =>
      vars.reduce((sum, { name, value }) => sum + 2 * (name.length + value.data.length + value.wrappedKey.length) + 200, 100),
    most: mostCopies,
    mostBytes: mostCopiedBytes,
  });
  const openAll = (appId: string, vars: StoredVars): Record<string, string> =>
    Object.fromEntries(vars.map(({ name, value }) => [name, vault.open(value, envContext(appId, name))]));

  const list = async (appId: string): Promise<EnvVar[]> =>
    (await stored(appId)).map(({ name, secret, value }) => {
      const opened = vault.open(value, envContext(appId, name));
      // One that came without its value is to be filled in, which nobody could see otherwise.
      return secret && opened !== "" ? { name, secret } : { name, secret, value: opened };
    });

  const write = async (appId: string, vars: object[]): Promise<void> => {
    const now = new Date();
    try {
      await env.updateOne({ _id: appId }, { $set: { vars, updatedAt: now, changedAt: now } }, { upsert: true });
    } finally {
      // Also when no answer came: it may be written all the same.
      copies.forget(appId);
    }
  };

  return {
    list,
    listNames: async (appId) => (await stored(appId)).map(({ name }) => name),
    async replace(appId, vars) {
      const before = new Map((await stored(appId)).map((entry) => [entry.name, entry]));
      const problems = findProblems(vars, new Set(before.keys()));
      if (problems.length > 0) throw new AppError("validation_failed", "Some variables cannot be set. Nothing was changed.", { problems });
      storage.requireRoom();
      const next = vars.map(({ name, value, secret }) => ({
        name,
        // What was secret stays so when only its value is kept: it must not become readable by a flag.
        secret: value === undefined ? secret || before.get(name)!.secret : secret,
        value: value === undefined ? before.get(name)!.value : vault.seal(value, envContext(appId, name)),
      }));
      await write(appId, next);
      return list(appId);
    },
    async open(appId) {
      return openAll(appId, await stored(appId));
    },
    async recall(appId) {
      const vars = await copies.get(appId);
      try {
        return openAll(appId, vars);
      } catch {
        // Sealed anew and its old key gone, and we have not heard of it yet.
        copies.forget(appId);
        return openAll(appId, await copies.get(appId));
      }
    },
    keepCopies: copies.start,
    async copy(fromAppId, toAppId) {
      const vars = (await stored(fromAppId)).map(({ name, secret, value }) => ({
        name,
        secret,
        value: vault.seal(vault.open(value, envContext(fromAppId, name)), envContext(toAppId, name)),
      }));
      if (vars.length > 0) await write(toAppId, vars);
    },
  };
}

/** What speaks against these variables, by `vars.<index>.name` and so on; `known` are those that have a value already. */
export function findProblems(vars: readonly EnvVar[], known: ReadonlySet<string>): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const seen = new Set<string>();
  let totalBytes = 0;
  vars.forEach(({ name, value }, index) => {
    const path = `vars.${index}`;
    if (reserved.test(name)) problems.push({ path: `${path}.name`, message: `${name} is set by the platform. Choose another name.` });
    if (seen.has(name)) problems.push({ path: `${path}.name`, message: `${name} stands in the list twice.` });
    if (value === undefined && !known.has(name)) problems.push({ path: `${path}.value`, message: `${name} is new and needs a value.` });
    if (value?.includes("\0"))
      problems.push({ path: `${path}.value`, message: `${name} contains a NUL character, which no environment can hold.` });
    seen.add(name);
    totalBytes += Buffer.byteLength(value ?? "");
  });
  if (vars.length > appLimits.envVariables)
    problems.push({ path: "vars", message: `An app may have ${appLimits.envVariables} variables; these are ${vars.length}.` });
  if (totalBytes > appLimits.envTotalBytes)
    problems.push({ path: "vars", message: `All values together may have ${appLimits.envTotalBytes} bytes; these have ${totalBytes}.` });
  return problems;
}
