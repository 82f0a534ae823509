/**
 * The Python language server in a worker: started, kept in step with the app's files, asked, ended. A start that fails, or a worker that
 * no longer answers, ends as `failed` with the reason, never as a wait without end.
 */
import { findTopName, toDocuments, toNotices, toServerUri, type Documents } from "./documents.ts";
import { createRpc } from "./rpc.ts";
import type { Files } from "#core/contract/files.ts";

export interface LanguageServerOptions {
  worker: WorkerLike;
  files: Files;
  entrypoint: string;
  /** The address of the packages' sources; null: there are none. */
  typesUrl: string | null;
  /** `3.11`. */
  pythonVersion: string;
  /** It answers now. `typesMissing`: why it knows nothing of packages. */
  onReady(typesMissing: string | null): void;
  /** It ended by itself; words for the author. */
  onFailed(reason: string): void;
}

/** The least of a Worker that is needed. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "error", listener: (event: { message?: string }) => void): void;
  terminate(): void;
}

export interface LanguageServer {
  /** Tells the server of all changes, at once: what is asked next is answered for these files. */
  sync(files: Files): void;
  /** Null until it is ready, when cancelled, and when the server has no answer. */
  ask<Result>(method: string, params: unknown, signal?: AbortSignal): Promise<Result | null>;
  /** The text of a file of a package or of the standard library. */
  readSource(path: string): Promise<string | null>;
  dispose(): void;
}

/** A slow line has to bring 3.5 MB, and a slow machine to compile them. */
const startLimitMs = 120_000;
/** A file of a package lies in the worker's memory. */
const readLimitMs = 10_000;

interface Note {
  type?: string;
  reason?: string;
  path?: string;
  text?: string | null;
}

export function startLanguageServer(options: LanguageServerOptions): LanguageServer {
  const { worker } = options;
  let documents: Documents = {};
  let version = 1;
  let phase: "starting" | "ready" | "ended" = "starting";
  let files = options.files;
  let initialized = false;
  let typesMissing = options.typesUrl === null ? "this installation has none of them at hand" : null;
  const reads = new Map<string, PromiseWithResolvers<string | null>>();

  const dispose = () => {
    if (phase === "ended") return;
    phase = "ended";
    rpc.close();
    for (const { resolve } of reads.values()) resolve(null);
    reads.clear();
    worker.terminate();
  };
  const fail = (reason: string) => {
    if (phase === "ended") return;
    dispose();
    options.onFailed(reason);
  };
  const rpc = createRpc({
    post: (message) => worker.postMessage(asStart(message, options.typesUrl)),
    onRequest: (method, params) => (method === "workspace/configuration" ? (params as { items: unknown[] }).items.map(() => null) : null),
    onSilence: () => fail(phase === "starting" ? "It did not start in time." : "It stopped answering."),
  });

  worker.addEventListener("message", ({ data }) => {
    const note = data as Note;
    if (note.type === undefined) return rpc.receive(data);
    if (note.type === "fp/types-missing") typesMissing = note.reason ?? "they could not be read";
    if (note.type === "fp/text") reads.get(note.path ?? "")?.resolve(note.text ?? null);
    // "browser/newWorker" is left unanswered: a second worker to find type errors in would take another 0.3 GB.
  });
  // Once it answers, an exception in the worker need not be its end; one that is shows by silence.
  worker.addEventListener("error", ({ message }) => {
    if (phase === "starting") fail(message ? `The browser could not run it: ${message}` : "The browser could not load it.");
  });

  const sync = () => {
    // Before it is initialized nothing may be sent; `start` brings the newest files then.
    if (!initialized || phase === "ended") return;
    const next = toDocuments(files);
    for (const { method, params } of toNotices(documents, next, (version += 1))) rpc.notify(method, params);
    documents = next;
  };

  const start = async () => {
    worker.postMessage({ type: "browser/boot", mode: "foreground" });
    await rpc.request("initialize", initializeParams(options.pythonVersion), { limitMs: startLimitMs });
    rpc.notify("initialized", {});
    initialized = true;
    sync();
    // The first answer reads all that the file imports, which takes most of a start: it is ready after that, not before.
    const text = documents[options.entrypoint] ?? "";
    const about = { textDocument: { uri: toServerUri(options.entrypoint) }, position: findTopName(text) };
    await rpc.request("textDocument/hover", about, { limitMs: startLimitMs });
    phase = "ready";
    options.onReady(typesMissing);
  };
  start().catch((error: Error) => fail(`It could not start: ${error.message}.`));

  return {
    sync(changed) {
      files = changed;
      sync();
    },
    async ask<Result>(method: string, params: unknown, signal?: AbortSignal) {
      if (phase !== "ready") return null;
      return rpc.request<Result>(method, params, signal === undefined ? {} : { signal }).catch(() => null);
    },
    readSource(path) {
      if (phase !== "ready") return Promise.resolve(null);
      const asked = reads.get(path);
      if (asked !== undefined) return asked.promise;
      const read = Promise.withResolvers<string | null>();
      reads.set(path, read);
      const timer = setTimeout(() => read.resolve(null), readLimitMs);
      worker.postMessage({ type: "fp/read", path });
      return read.promise.finally(() => {
        clearTimeout(timer);
        reads.delete(path);
      });
    },
    dispose,
  };
}

/** The request that initializes goes by way of the prelude, which adds the packages' sources to it. */
const asStart = (message: unknown, typesUrl: string | null): unknown =>
  (message as { method?: string }).method === "initialize" ? { type: "fp/initialize", request: message, typesUrl } : message;

function initializeParams(pythonVersion: string): unknown {
  const settings = {
    extraPaths: ["/lib"],
    // Without it `int` is unknown and `os.path.` empty, while packages look fine.
    typeshedPath: "/typeshed",
    pythonVersion,
    pythonPlatform: "Linux",
    // Problems are found by ruff and by our own checks.
    typeCheckingMode: "off",
  };
  const markdown = ["markdown", "plaintext"];
  return {
    processId: null,
    rootUri: "file:///app",
    workspaceFolders: [{ name: "app", uri: "file:///app" }],
    initializationOptions: { files: { "/app/pyrightconfig.json": JSON.stringify(settings) } },
    capabilities: {
      general: { positionEncodings: ["utf-16"] },
      workspace: { workspaceEdit: { documentChanges: true } },
      textDocument: {
        completion: {
          completionItem: {
            documentationFormat: markdown,
            snippetSupport: false,
            resolveSupport: { properties: ["documentation", "detail", "additionalTextEdits"] },
          },
        },
        hover: { contentFormat: markdown },
        signatureHelp: {
          signatureInformation: {
            documentationFormat: markdown,
            parameterInformation: { labelOffsetSupport: true },
            activeParameterSupport: true,
          },
        },
        documentSymbol: { hierarchicalDocumentSymbolSupport: true },
        rename: { prepareSupport: true },
      },
    },
  };
}
