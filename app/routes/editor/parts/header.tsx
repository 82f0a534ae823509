/** The editor's bar: which app, how it stands, its address, and the two things one does. */
import {
  ArrowLeftIcon,
  DatabaseIcon,
  EllipsisIcon,
  ExternalLinkIcon,
  LoaderCircleIcon,
  PanelLeftIcon,
  PanelRightIcon,
  RocketIcon,
} from "lucide-react";
import { Link } from "react-router";
import type { App, EnvVar } from "#core/contract/app.ts";
import { Button, buttonVariants } from "#app/components/ui/button.tsx";
import { CopyButton } from "#app/components/ui/copy-button.tsx";
import { DeferredMenu } from "#app/components/ui/deferred-menu.tsx";
import { StatusBadge } from "#app/components/ui/status-badge.tsx";
import { useDeployStore } from "#app/stores/deploy-store.ts";
import { isDirty, useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { draftWord, settingsLine } from "../draft-state.ts";
import type { EditorActions } from "../use-editor-actions.ts";
import type { MenuDialog } from "./app-menu.tsx";

interface HeaderProps {
  app: App;
  env: readonly EnvVar[];
  /** The code uses MongoDB. */
  usesMongo: boolean;
  actions: EditorActions;
  onDialog: (dialog: MenuDialog) => void;
}

const loadMenu = () => import("./app-menu.tsx").then((module) => module.AppMenu);

export function Header({ app, env, usesMongo, actions, onDialog }: HeaderProps) {
  const store = useEditorStoreApi();
  const dirty = useEditorStore(isDirty);
  const hash = useEditorStore((state) => state.base.hash);
  const side = useEditorStore((state) => state.side);
  const filesOpen = useEditorStore((state) => state.filesOpen);
  const running = useDeployStore(({ current }) => current?.state === "running" && current.kind !== "draft");
  const deploying = running || actions.busy === "deploying";
  return (
    <header className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b px-2 py-1.5 md:h-12 md:flex-nowrap md:py-0">
      <Link
        to={`/apps/${app.slug}`}
        aria-label="To the app's dashboard"
        title="To the dashboard"
        className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
      >
        <ArrowLeftIcon aria-hidden />
      </Link>
      <h1 className="max-w-[16rem] min-w-0 truncate text-sm font-semibold" title={app.name}>
        {app.name}
      </h1>
      <StatusBadge status={app.status} />
      <DraftState word={draftWord(dirty, hash, app.deployed)} />
      <SettingsBadge app={app} env={env} warn={usesMongo && app.database === null} onClick={() => onDialog("settings")} />
      <AppUrl url={app.url} live={app.liveVersion !== null} />
      <div className="ml-auto flex items-center gap-1.5">
        <Button
          variant="ghost"
          size="icon-sm"
          className="max-md:hidden"
          aria-label="Files and search"
          title="Files and search"
          aria-pressed={filesOpen}
          onClick={() => store.getState().showLeft(!filesOpen)}
        >
          <PanelLeftIcon aria-hidden />
        </Button>
        <Button
          variant="ghost"
          size="icon-sm"
          className="max-md:hidden"
          aria-label="Test and preview"
          title="Test and preview"
          aria-pressed={side !== null}
          onClick={() => store.getState().showSide(side === null ? "test" : null)}
        >
          <PanelRightIcon aria-hidden />
        </Button>
        <DeferredMenu
          load={loadMenu}
          trigger={
            <Button variant="ghost" size="icon-sm" aria-label="More" title="More">
              <EllipsisIcon aria-hidden />
            </Button>
          }
          own={{ app, onOpen: onDialog }}
        />
        <Button
          variant="outline"
          size="sm"
          onClick={() => void actions.save()}
          disabled={!dirty || actions.busy !== null}
          title="Save the draft (Ctrl+S)"
          aria-keyshortcuts="Control+S Meta+S"
        >
          {actions.busy === "saving" ? "Saving…" : "Save"}
        </Button>
        <Button
          size="sm"
          onClick={() => void actions.deploy()}
          disabled={actions.busy !== null}
          aria-busy={deploying}
          title="Save and deploy (Ctrl+Enter)"
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          {deploying ? <LoaderCircleIcon aria-hidden className="motion-safe:animate-spin" /> : <RocketIcon aria-hidden />}
          {deploying ? "Deploying…" : "Deploy"}
        </Button>
      </div>
    </header>
  );
}

const dots = { Live: "bg-running", "Saved, not deployed": "bg-deploying", "Unsaved changes": "bg-foreground/60" } as const;

function DraftState({ word }: { word: keyof typeof dots }) {
  return (
    <span role="status" className="flex shrink-0 items-center gap-1.5 text-[13px] whitespace-nowrap text-muted-foreground">
      <span aria-hidden className={`size-1.5 rounded-full ${dots[word]}`} />
      {word}
    </span>
  );
}

function SettingsBadge({ app, env, warn, onClick }: { app: App; env: readonly EnvVar[]; warn: boolean; onClick(): void }) {
  const line = settingsLine(app, env);
  return (
    <button
      type="button"
      onClick={onClick}
      title={warn ? "The code uses MongoDB, but no database is bound. Open the settings to bind one." : `Settings: ${line}`}
      className={`flex h-7 min-w-0 shrink items-center gap-1.5 rounded-md border px-2 text-xs outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring ${warn ? "border-deploying/50 bg-deploying/10 text-deploying" : "text-muted-foreground"}`}
    >
      <DatabaseIcon aria-hidden className="size-3.5 shrink-0" />
      <span className="truncate max-lg:hidden">{line}</span>
      <span className="truncate lg:hidden">{app.database === null ? "No database" : `DB: ${app.database.name}`}</span>
      {warn && <span className="sr-only">. The code uses MongoDB, but no database is bound.</span>}
    </button>
  );
}

function AppUrl({ url, live }: { url: string; live: boolean }) {
  return (
    <span className="flex min-w-0 shrink items-center max-xl:hidden">
      <span className="min-w-0 truncate font-mono text-xs text-muted-foreground" title={url}>
        {url.replace(/^https?:\/\//, "")}
      </span>
      <CopyButton value={url} label="Copy the address" />
      {live && (
        <a
          href={url}
          target="_blank"
          rel="noreferrer"
          aria-label="Open the app in a new tab"
          title="Open in a new tab"
          className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
        >
          <ExternalLinkIcon aria-hidden />
        </a>
      )}
    </span>
  );
}
