/** The right slot: try the app, or look at it. */
import { XIcon } from "lucide-react";
import type { App } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { PreviewPanel } from "./preview-panel.tsx";
import { TabPanel, TabStrip } from "./tab-strip.tsx";
import { TestPanel } from "./test-panel.tsx";

export function SidePanel({ app, closable }: { app: App; closable: boolean }) {
  const store = useEditorStoreApi();
  const side = useEditorStore((state) => state.side) ?? "test";
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
          <TestPanel slug={app.slug} appUrl={app.url} liveVersion={app.liveVersion} />
        </div>
        {side === "preview" && <PreviewPanel url={app.url} liveVersion={app.liveVersion} />}
      </TabPanel>
    </section>
  );
}
