/** The app's own page, live or draft, with an address bar. */
import type { App } from "#core/contract/app.ts";
import { isDirty, useEditorStore, type Target } from "#app/stores/editor-store.ts";
import { Button } from "#app/components/ui/button.tsx";
import type { DraftHostControl } from "../use-draft-host.ts";
import type { EditorActions } from "../use-editor-actions.ts";
import { DraftCopy } from "./draft-copy.tsx";
import { DraftMenu } from "./draft-menu.tsx";
import { DraftStart } from "./draft-start.tsx";
import { PanelNote } from "./panel-note.tsx";
import { PreviewFrame } from "./preview-frame.tsx";

interface PreviewPanelProps {
  app: App;
  target: Target;
  draft: DraftHostControl;
  actions: EditorActions;
}

export function PreviewPanel({ app, target, draft, actions }: PreviewPanelProps) {
  if (target === "draft") return <DraftPreview app={app} draft={draft} actions={actions} />;
  if (app.liveVersion === null) return <PanelNote title="Nothing to show yet" text="Deploy the app; its page appears here." />;
  return <PreviewFrame host={app.url} version={String(app.liveVersion)} addressOf={(path) => new URL(path, app.url).href} />;
}

function DraftPreview({ app, draft, actions }: Omit<PreviewPanelProps, "target">) {
  const hash = useEditorStore((state) => state.base.hash);
  const dirty = useEditorStore(isDirty);
  const { host } = draft;
  if (host.copy?.state === "running") return <DraftCopy copy={host.copy} onCancel={() => void draft.cancel()} />;
  if (host.running === null) return <DraftStart app={app} draft={draft} actions={actions} />;
  const changed = dirty || host.running.hash !== hash;
  return (
    <PreviewFrame
      host={host.url}
      version={host.running.updatedAt}
      // A link of the platform, which leads the owner on to the draft's host and works for nobody else.
      addressOf={(path) => `/apps/${app.slug}/draft?path=${encodeURIComponent(path)}`}
      tools={<DraftMenu app={app} draft={draft} />}
      note={
        changed && (
          <p className="flex items-center gap-2 border-b bg-deploying/10 px-3 py-1 text-xs">
            <span className="min-w-0 flex-1">The draft has changed since it was run.</span>
            <Button size="sm" variant="outline" disabled={actions.busy !== null} onClick={() => void actions.runDraft()}>
              Run again
            </Button>
          </p>
        )
      }
    />
  );
}
