/**
 * The language server of one open editor: begun when the browser has nothing else to do (or at the first question), ended when it is
 * switched off or the editor is left. Comes with Monaco, after the first paint.
 */
import workerUrl from "virtual:pyright-worker-url";
import type { EditorStore } from "#app/stores/editor-store.ts";
import { isLanguageServerOn, subscribeLanguageServer } from "#app/stores/language-preference.ts";
import type { LanguageStore } from "#app/stores/language-store.ts";
import { startLanguageServer, type LanguageServer } from "./language-server.ts";
import { createPlaces, registerOpener } from "./places.client.ts";
import { registerProviders } from "./providers.client.ts";

export interface PythonTypes {
  /** `3.11`. */
  version: string;
  /** The name of the archive of packages' sources; null: this installation has none. */
  types: string | null;
}

export interface ConnectOptions {
  store: EditorStore;
  /** The app's id, which its models' addresses carry. */
  scope: string;
  language: LanguageStore;
  python: PythonTypes;
}

/** At the latest; a browser that is never idle is not to wait for ever. */
const idleLimitMs = 5_000;

export function connectLanguageServer({ store, scope, language, python }: ConnectOptions): () => void {
  let server: LanguageServer | null = null;
  let cancelIdle: () => void = () => undefined;

  const start = () => {
    cancelIdle();
    if (server !== null || !isLanguageServerOn()) return;
    language.setState({ phase: "starting", reason: null });
    const { files, entrypoint } = store.getState();
    const fail = (reason: string) => {
      server = null;
      language.setState({ phase: "failed", reason });
    };
    try {
      server = startLanguageServer({
        worker: new Worker(workerUrl, { name: "python-language-server" }),
        files,
        entrypoint,
        typesUrl: python.types === null ? null : new URL(`/python-types/${python.types}`, location.href).href,
        pythonVersion: python.version,
        onReady: (typesMissing) => language.setState({ phase: "ready", reason: typesMissing }),
        onFailed: fail,
      });
    } catch (error) {
      fail(`This browser runs no workers: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };
  const stop = () => {
    cancelIdle();
    server?.dispose();
    server = null;
  };
  const follow = () => {
    if (!isLanguageServerOn()) {
      stop();
      language.setState({ phase: "off", reason: null });
    } else if (language.getState().phase === "off") start();
  };
  const places = createPlaces(scope, async (path) => (await server?.readSource(path)) ?? null);
  const ended = [
    store.subscribe((state, before) => {
      if (state.files !== before.files) server?.sync(state.files);
    }),
    subscribeLanguageServer(follow),
    language.subscribe((state, before) => {
      if (state.attempt === before.attempt) return;
      stop();
      start();
    }),
  ];
  const registered = [
    registerProviders({
      places,
      server: () => {
        // A failed start is tried again when somebody says so, not with every key.
        if (language.getState().phase === "waiting") start();
        return server;
      },
    }),
    registerOpener(scope, (place) => store.getState().goTo(place)),
  ];
  if (isLanguageServerOn()) cancelIdle = whenIdle(start);
  else follow();

  return () => {
    for (const end of ended) end();
    for (const each of registered) each.dispose();
    stop();
    places.dispose();
    language.setState({ phase: "waiting", reason: null });
  };
}

function whenIdle(run: () => void): () => void {
  // Safari has no idle callbacks.
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(run, idleLimitMs / 2);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(run, { timeout: idleLimitMs });
  return () => cancelIdleCallback(handle);
}
