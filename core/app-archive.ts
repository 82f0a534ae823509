/**
 * An app as a ZIP: its files and `.fp.yaml`. Pure; the rules for files are `core/bundle.ts`, for ZIPs `core/zip`.
 * Guarantees: what is packed is unpacked as it was; no secret's value is ever in it.
 */
import { isMap, isScalar, Lexer, LineCounter, parseDocument, stringify } from "yaml";
import { checkFiles, checkPath, contentBytes, contentFromBytes, isTextPath } from "./bundle.ts";
import type { EnvVar } from "./contract/app.ts";
import { appFileName, appFileSchema, type AppFile } from "./contract/app-file.ts";
import type { FileContent, Files } from "./contract/files.ts";
import type { FieldProblem, SourceProblem } from "./contract/problem.ts";
import { bundleLimits, formatBytes, zipLimits } from "./limits.ts";
import { readZip, writeZip } from "./zip/index.ts";

export interface PackedApp {
  name: string;
  description: string;
  entrypoint: string;
  database: boolean;
  sleepAfterMinutes: number;
  env: readonly EnvVar[];
  files: Files;
}

/** An app that was found in a ZIP. What `.fp.yaml` does not say is undefined. */
export interface UnpackedApp {
  files: Files;
  entrypoint: string;
  settings: Pick<AppFile, "name" | "description" | "database" | "sleepAfterMinutes">;
  /** Each with a value; secrets, and what only the command line could fill in, have an empty one. */
  env: (EnvVar & { value: string })[];
  /** Variables that have no value yet. */
  missingValues: string[];
  leftOut: readonly string[];
}

/** The ZIP of an app; `at` is when its files were saved. The same app and time give the same bytes. */
export function packApp(
  { files, env, name, description, entrypoint, database, sleepAfterMinutes }: PackedApp,
  at: Date,
): Uint8Array<ArrayBuffer> {
  const settings: AppFile = {
    name,
    ...(description === "" ? {} : { description }),
    entrypoint,
    database,
    sleepAfterMinutes,
    ...(env.length === 0 ? {} : { env: Object.fromEntries(env.map(toEnvEntry)) }),
  };
  const text = `# Made by FastAPI Platform. Secrets are here by name only.\n${stringify(settings, { lineWidth: 0 })}`;
  return writeZip(
    new Map([
      [appFileName, new TextEncoder().encode(text)],
      ...Object.entries(files).map(([path, content]) => [path, contentBytes(content)] as const),
    ]),
    at,
  );
}

const toEnvEntry = ({ name, value, secret }: EnvVar): [string, string | { secret: true }] => [
  name,
  secret ? { secret: true } : (value ?? "").replaceAll("${", () => "$${"),
];

/** The app in a ZIP, or every reason why there is none. */
export function unpackApp(zip: Uint8Array): UnpackedApp | { problems: (SourceProblem | FieldProblem)[] } {
  const content = readZip(zip);
  if (content.problems.length > 0)
    return {
      problems: content.problems.map(({ entry, code, message }) =>
        entry === null ? { path: "file", message } : problem(entry, code, message),
      ),
    };
  const problems: (SourceProblem | FieldProblem)[] = content.tooLarge.map(({ path, sizeBytes }) => {
    // What could not be there at any size is told so: nobody should shrink it first.
    const bad = path === appFileName ? null : checkPath(path);
    const most = formatBytes(path === appFileName ? zipLimits.appFileBytes : bundleLimits.fileBytes);
    return problem(
      path,
      bad?.code ?? "file_too_large",
      bad?.message ?? `${JSON.stringify(path)} has ${formatBytes(sizeBytes)}; a file may have at most ${most}.`,
    );
  });
  const files: Record<string, FileContent> = {};
  let appFile: AppFile = {};
  for (const [path, bytes] of content.files) {
    const bad = path === appFileName ? null : checkPath(path);
    if (bad !== null) {
      problems.push(problem(path, bad.code, bad.message));
      continue;
    }
    const text = path === appFileName || isTextPath(path) ? toText(bytes) : "";
    if (text === null) problems.push(problem(path, "binary_content", `${JSON.stringify(path)} is not UTF-8 text.`));
    else if (path === appFileName) {
      const read = parseAppFile(text);
      if ("problems" in read) problems.push(...read.problems);
      else appFile = read;
    } else files[path] = isTextPath(path) ? text : contentFromBytes(path, bytes);
  }
  const entrypoint = appFile.entrypoint ?? (files["app.py"] === undefined && files["main.py"] !== undefined ? "main.py" : "app.py");
  if (problems.length === 0 || Object.keys(files).length > 0) problems.push(...checkFiles(files));
  if (problems.length === 0 && typeof files[entrypoint] !== "string")
    problems.push(
      problem(
        entrypoint,
        "no_entrypoint",
        `There is no ${entrypoint} in this ZIP, the file that an app begins with. Its name can be given as entrypoint in ${appFileName}.`,
      ),
    );
  if (problems.length > 0) return { problems };
  const { name, description, database, sleepAfterMinutes } = appFile;
  return { files, entrypoint, settings: { name, description, database, sleepAfterMinutes }, ...toEnv(appFile), leftOut: content.leftOut };
}

function toEnv({ env = {} }: AppFile): Pick<UnpackedApp, "env" | "missingValues"> {
  const vars = Object.entries(env).map(([name, entry]) => {
    const { value, secret = false } = typeof entry === "string" ? { value: entry } : entry;
    // Filled in by the command line, from where it runs.
    const isOpen = value === undefined || /(?<!\$)\$\{/.test(value);
    return { name, secret, value: isOpen ? "" : value.replaceAll("$${", () => "${"), isOpen };
  });
  return {
    env: vars.map(({ name, secret, value }) => ({ name, secret, value })),
    missingValues: vars.filter(({ isOpen }) => isOpen).map(({ name }) => name),
  };
}

/** Several times what all variables and patterns need. The parser takes minutes over ten thousand keys, and the bound is of its work, not of bytes. */
const mostTokens = 8_000;

function countTokens(text: string): number {
  let count = 0;
  for (const _ of new Lexer().lex(text)) if ((count += 1) > mostTokens) break;
  return count;
}

/** What `.fp.yaml` says, or what is wrong with it and on which line; keys that nobody knows are named. */
export function parseAppFile(text: string): AppFile | { problems: SourceProblem[] } {
  const lines = new LineCounter();
  const at = (offset: number | undefined, message: string) => {
    const { line, col } = offset === undefined ? { line: 1, col: 1 } : lines.linePos(offset);
    return { ...problem(appFileName, "invalid_app_file", `${appFileName}: ${message}`), line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (countTokens(text) > mostTokens) return { problems: [at(undefined, "it says more than an app can have.")] };
  let document: ReturnType<typeof parseDocument>;
  let value: unknown;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: "core", uniqueKeys: true });
    const [error] = document.errors;
    if (error !== undefined) return { problems: [at(error.pos[0], `it is not valid YAML: ${error.message}.`)] };
    // An anchor that is repeated can make gigabytes of a few lines; nothing here needs one.
    value = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (error) {
    return {
      problems: [
        at(
          undefined,
          `it cannot be read as YAML: ${error instanceof RangeError ? "it is nested too deep" : String((error as Error).message)}.`,
        ),
      ],
    };
  }
  const parsed = appFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  return {
    problems: parsed.error.issues.flatMap((issue) => {
      const place = (path: readonly PropertyKey[]) => offsetOf(document.contents, path);
      if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) =>
          at(place([...issue.path, key]), `${JSON.stringify(key)} is not known here. ${knownKeys(issue.path)}`),
        );
      const name = issue.path.join(".");
      return [at(place(issue.path), `${name === "" ? "it" : name} is not right: ${issue.message}.`)];
    }),
  };
}

const knownKeys = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? `It may say ${Object.keys(appFileSchema.shape).join(", ")}.` : "A variable may say value and secret.";

/** Where a key stands in the text. */
function offsetOf(node: unknown, [key, ...rest]: readonly PropertyKey[]): number | undefined {
  if (key === undefined || !isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  const own = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  return offsetOf(pair?.value, rest) ?? own;
}

function toText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const problem = (file: string, code: string, message: string): SourceProblem => ({
  file,
  line: 1,
  column: 1,
  code,
  message,
  severity: "error",
});
