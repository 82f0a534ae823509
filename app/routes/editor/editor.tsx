/** Screen 1: write, deploy, try. */
import "./editor.css";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { usesMongo } from "#core/python/index.ts";
import { createDeployStore, DeployStoreContext, useDeployStore } from "#app/stores/deploy-store.ts";
import { readPanes } from "#app/stores/panes.ts";
import { createEditorStore, EditorStoreContext, useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { createLanguageStore } from "#app/stores/language-store.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Packages } from "#server/packages/index.ts";
import type { Route } from "./+types/editor.ts";
import { mergeProblems, standingProblems } from "./all-problems.ts";
import { CodePane } from "./code/code-pane.tsx";
import { usePython } from "./code/use-python.ts";
import type { MenuDialog } from "./parts/app-menu.tsx";
import { BottomPanel } from "./parts/bottom-panel.tsx";
import { FileList } from "./parts/file-list.tsx";
import { Header } from "./parts/header.tsx";
import { LeaveGuard } from "./parts/leave-guard.tsx";
import { SidePanel } from "./parts/side-panel.tsx";
import { Workspace } from "./parts/workspace.tsx";
import { readRequest } from "./requests.ts";
import { createTestStore } from "./test-store.ts";
import { useDraftHost } from "./use-draft-host.ts";
import { useDeploymentOutcome } from "./use-deployment-outcome.ts";
import { useEditorActions } from "./use-editor-actions.ts";
import { useRename } from "./use-rename.ts";
import { useShortcuts } from "./use-shortcuts.ts";
import { useUnsaved } from "./use-unsaved.ts";

const SearchPane = lazy(() => import("./parts/search-pane.tsx").then((module) => ({ default: module.SearchPane })));
// Opened seldom, and as heavy as all panels together.
const EditorDialogs = lazy(() => import("./parts/editor-dialogs.tsx").then((module) => ({ default: module.EditorDialogs })));

export function meta({ loaderData }: Route.MetaArgs) {
  return [{ title: `${loaderData?.app.name ?? "Editor"} · Editor · FastAPI Platform` }];
}

export const loader = route(async ({ request, params, url, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { apps, databases, deployments, drafts, packages, settings } = context.get(servicesContext);
  const app = await apps.get(user.id, params.slug);
  const [env, owned, last, draft] = await Promise.all([
    apps.listEnv(user.id, app.id),
    databases.list(user.id),
    app.lastDeployment && deployments.get(user.id, app.lastDeployment.id),
    drafts.get(user.id, app.id),
  ]);
  const file = url.searchParams.get("file");
  const open = file === null ? null : { file, line: Math.max(1, Math.trunc(Number(url.searchParams.get("line"))) || 1) };
  const sent = readRequest(url.searchParams);
  const kept = readPanes(request.headers.get("cookie"));
  const panes = sent === null ? kept : { ...kept, right: "test" as const };
  const imports = { allowed: [...settings.imports()], usesMongo: usesMongo(app.files), python: toPython(packages) };
  return { app, env, databases: owned, last, draft, open, sent, panes, ...imports };
});

/** What the language server is told of the packages that apps import. */
const toPython = ({ pythonVersion, typesName }: Packages) => ({ version: pythonVersion, types: typesName });

/** A new app is a new editor: its stores are made anew, and the old ones' listeners end. */
export default function EditorPage({ loaderData }: Route.ComponentProps) {
  return <Editor key={loaderData.app.id} {...loaderData} />;
}

type EditorProps = Route.ComponentProps["loaderData"];

function Editor(props: EditorProps) {
  const { app, last, open, sent, panes } = props;
  const [editorStore] = useState(() => {
    const store = createEditorStore({ entrypoint: app.entrypoint, draft: { hash: app.draft.hash, files: app.files }, open, panes });
    if (sent !== null) store.getState().showSide("test");
    return store;
  });
  // An old failure is told in the panel; its lines are marked only while the draft is the one that failed, which is not known here.
  const [deployStore] = useState(() => createDeployStore(last, null));
  return (
    <EditorStoreContext value={editorStore}>
      <DeployStoreContext value={deployStore}>
        <Screen {...props} />
      </DeployStoreContext>
    </EditorStoreContext>
  );
}

function Screen({ app, env, databases, draft: loadedDraft, open, sent, panes, usesMongo: usedMongo, allowed, python: types }: EditorProps) {
  const { file, line } = open ?? {};
  const store = useEditorStoreApi();
  const actions = useEditorActions(app.id, app.slug);
  const [picked, setDialog] = useState<MenuDialog | null>(null);
  const [wanted, setWanted] = useState("");
  const [search, setSearch] = useSearchParams();
  // The palette opens it by the address.
  const dialog = picked ?? (search.get("open") === "packages" ? "packages" : null);
  const released = useRef(false);
  const files = useEditorStore((state) => state.files);
  const left = useEditorStore((state) => state.left);
  const python = usePython(files, app.entrypoint, allowed);
  const [language] = useState(createLanguageStore);
  const [test] = useState(() => createTestStore((at) => store.getState().tested(at), sent));
  const failed = useDeployStore(({ current }) => current?.problems);
  const deployedFiles = useDeployStore((state) => state.deployedFiles);
  const standing = useMemo(() => standingProblems(failed ?? [], deployedFiles, files), [failed, deployedFiles, files]);
  const problems = useMemo(() => mergeProblems(standing, python.answer?.problems ?? []), [standing, python.answer]);
  const unsaved = useUnsaved(app.id);
  const renaming = useRename(python.renameImports);
  const draft = useDraftHost(app.slug, loadedDraft);
  const target = useEditorStore((state) => state.target);

  useShortcuts(
    () => void actions.save(),
    () => void actions.deploy(),
    () => store.getState().showSearch(getSelection()?.toString().split("\n")[0]?.trim() ?? ""),
  );
  useDeploymentOutcome();
  // Whoever leaves the editor leaves the stream, and so does who closes the panel: unseen, it would keep the app awake.
  useEffect(() => {
    const unsubscribe = store.subscribe((now, before) => {
      if (now.side === null && before.side !== null) test.getState().stop();
    });
    return () => {
      unsubscribe();
      test.getState().stop();
    };
  }, [store, test]);
  // A link into this app from this very page (a traceback, the palette) changes the address only.
  useEffect(() => {
    if (file !== undefined && line !== undefined) store.getState().goTo({ file, line });
  }, [file, line, store]);

  return (
    <main id="main" className="fp-editor flex h-dvh min-h-0 flex-col overflow-hidden">
      <Header app={app} env={env} usesMongo={python.answer?.usesMongo ?? usedMongo} actions={actions} onDialog={setDialog} />
      <Workspace
        initial={panes}
        files={
          left === "files" ? (
            <FileList problems={problems} onRename={renaming.rename} />
          ) : (
            <Suspense fallback={null}>
              <SearchPane />
            </Suspense>
          )
        }
        code={
          <CodePane
            scope={app.id}
            problems={problems}
            failed={standing}
            onSave={() => void actions.save()}
            onDeploy={() => void actions.deploy()}
            format={python.format}
            language={language}
            python={types}
          />
        }
        side={(closable) => <SidePanel app={app} test={test} draft={draft} actions={actions} closable={closable} />}
        bottom={(foldable) => (
          <BottomPanel
            slug={app.slug}
            logsOf={target === "live" ? app.slug : draft.host.lastDeployment === null ? null : draft.host.host}
            appUrl={app.url}
            live={app.liveVersion !== null}
            problems={problems}
            onPackages={(name) => {
              setWanted(name);
              setDialog("packages");
            }}
            checked={python.answer !== null}
            checkFailure={python.failure}
            language={language}
            foldable={foldable}
          />
        )}
      />
      <LeaveGuard save={actions.save} released={released} />
      {(dialog !== null || actions.conflict !== null || unsaved.older !== null || renaming.offer !== null) && (
        <Suspense fallback={null}>
          <EditorDialogs
            {...{ app, env, databases, dialog, wanted, actions, unsaved, renaming }}
            onClose={() => {
              setDialog(null);
              setWanted("");
              if (search.has("open")) setSearch({}, { replace: true });
            }}
            onDeleted={() => {
              released.current = true;
            }}
          />
        </Suspense>
      )}
    </main>
  );
}
