/** The right slot: try the app, or look at it; what visitors get, or the draft. */
import { PlayIcon, XIcon } from "lucide-react";
import { lazy, Suspense } from "react";
import type { App } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import type { DraftHostControl } from "../use-draft-host.ts";
import type { EditorActions } from "../use-editor-actions.ts";
import type { TestStore } from "../test-store.ts";
import { TabPanel, TabStrip } from "./tab-strip.tsx";
import { TargetSwitch } from "./target-switch.tsx";
import { TestPanel } from "./test-panel.tsx";

// Opened by who wants to look; it brings the draft's start, copy and menu along.
const PreviewPanel = lazy(() => import("./preview-panel.tsx").then((module) => ({ default: module.PreviewPanel })));

interface SidePanelProps {
  app: App;
  test: TestStore;
  draft: DraftHostControl;
  actions: EditorActions;
  closable: boolean;
}

export function SidePanel({ app, test, draft, actions, closable }: SidePanelProps) {
  const store = useEditorStoreApi();
  const side = useEditorStore((state) => state.side) ?? "test";
  const target = useEditorStore((state) => state.target);
  const { host } = draft;
  /** The first run asks what the draft's database begins with, where the app has one. */
  const run = () => {
    store.getState().setTarget("draft");
    if (host.running === null) store.getState().showSide("preview");
    else void actions.runDraft();
  };
  return (
    <section aria-label="Try the app" className="flex h-full min-h-0 flex-col">
      <TabStrip
        label="Try the app"
        name="try"
        active={side}
        onPick={(id) => store.getState().showSide(id)}
        tabs={[
          { id: "test", label: "Test" },
          { id: "preview", label: "Preview" },
        ]}
      >
        <TargetSwitch target={target} onPick={(picked) => store.getState().setTarget(picked)} />
        {target === "draft" && (
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label="Run draft"
            title="Save and run the draft on its own host"
            disabled={actions.busy !== null}
            onClick={run}
          >
            <PlayIcon aria-hidden />
          </Button>
        )}
        {closable && (
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label="Close this panel"
            title="Close"
            onClick={() => store.getState().showSide(null)}
          >
            <XIcon aria-hidden />
          </Button>
        )}
      </TabStrip>
      <TabPanel name="try" active={side}>
        {/* Stays: what was typed, and an answer that still arrives, outlive a look at the page. */}
        <div className={side === "test" ? "h-full" : "hidden"}>
          <TestPanel
            store={test}
            slug={target === "draft" ? host.host : app.slug}
            appUrl={app.url}
            version={target === "draft" ? (host.running?.hash ?? null) : app.liveVersion}
            hint={target === "draft" ? "Run the draft, then send it a request here." : "Deploy the app, then send it a request here."}
          />
        </div>
        {side === "preview" && (
          <Suspense fallback={null}>
            <PreviewPanel key={target} app={app} target={target} draft={draft} actions={actions} />
          </Suspense>
        )}
      </TabPanel>
    </section>
  );
}
