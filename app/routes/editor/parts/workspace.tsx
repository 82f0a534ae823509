/** How the panes lie: side by side and resizable on a wide screen, one at a time under tabs on a narrow one. */
import { CodeXmlIcon, FilesIcon, FlaskConicalIcon, SquareTerminalIcon } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { Group, Panel, Separator, usePanelRef } from "react-resizable-panels";
import { useEditorStore, useEditorStoreApi, type NarrowPane } from "#app/stores/editor-store.ts";
import type { Panes as PaneMemory } from "#app/stores/panes.ts";
import { CodeSkeleton } from "../code/code-pane.tsx";
import { usePanes, type PaneSizes } from "../use-panes.ts";

/** The panes; each is drawn by whom it concerns. */
export interface Panes {
  files: ReactNode;
  code: ReactNode;
  side: (closable: boolean) => ReactNode;
  bottom: (foldable: boolean) => ReactNode;
}

const narrowQuery = "(max-width: 767px)";

function subscribe(listener: () => void): () => void {
  const media = matchMedia(narrowQuery);
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}

/** `initial`: how this browser had them. */
export function Workspace({ initial, ...panes }: Panes & { initial: PaneMemory }) {
  const narrow = useSyncExternalStore(
    subscribe,
    () => matchMedia(narrowQuery).matches,
    () => false,
  );
  // Here, since a window that becomes narrow and wide again has its panes laid out anew.
  const memory = usePanes(initial);
  if (narrow) return <NarrowLayout {...panes} />;
  return (
    <>
      <WideLayout {...panes} memory={memory} />
      {/* What a phone is sent before its width is known: the same frame, so nothing jumps. */}
      <div className="min-h-0 flex-1 md:hidden">
        <CodeSkeleton />
      </div>
    </>
  );
}

/** Matches with their lines need more room than names. */
const searchPixels = 300;
/** The tabs' height; folded away, the output is just that. */
const stripPixels = 36;

function WideLayout({ files, code, side, bottom, memory: { sizes, resized } }: Panes & { memory: PaneSizes }) {
  const store = useEditorStoreApi();
  // What a server writes is what is shown until the panels are measured: nothing may jump then.
  const [start] = useState(() => ({ ...sizes(), filesOpen: store.getState().filesOpen, bottomOpen: store.getState().bottomOpen }));
  const sideOpen = useEditorStore((state) => state.side !== null);
  const filesOpen = useEditorStore((state) => state.filesOpen);
  const { leftPanel, output } = useOpenPanels(sizes);
  return (
    <Group
      className="min-h-0 flex-1 max-md:hidden!"
      onLayoutChanged={({ files: shown, side: percent }, { isUserInteraction }) => {
        // Others follow from what is open, such as when the panel on the right comes or goes.
        if (!isUserInteraction) return;
        store.getState().showLeft(shown !== 0);
        resized({
          ...(shown !== 0 && { files: leftPanel.current?.getSize().inPixels ?? sizes().files }),
          ...(percent !== undefined && { side: percent }),
        });
      }}
    >
      <Panel
        id="files"
        panelRef={leftPanel}
        defaultSize={start.filesOpen ? start.files : 0}
        minSize={140}
        maxSize={480}
        collapsible
        collapsedSize={0}
        groupResizeBehavior="preserve-pixel-size"
      >
        {filesOpen && files}
      </Panel>
      <Handle label="Resize the files" />
      <Panel id="middle" minSize={320}>
        <Group
          orientation="vertical"
          onLayoutChanged={({ output: percent }, { isUserInteraction }) => {
            if (isUserInteraction && percent !== undefined && output.current?.isCollapsed() === false) resized({ output: percent });
          }}
        >
          <Panel id="code" minSize={120}>
            {code}
          </Panel>
          <Handle label="Resize the output" horizontal />
          <Panel
            id="output"
            panelRef={output}
            defaultSize={start.bottomOpen ? `${start.output}%` : stripPixels}
            minSize={120}
            collapsible
            collapsedSize={stripPixels}
            onResize={({ inPixels }) => {
              const open = inPixels > stripPixels + 1;
              // Dragged shut or open: the store follows, without moving a narrow screen's pane.
              // Nothing at all is a window that became narrow.
              if (inPixels > 0 && open !== store.getState().bottomOpen) store.setState({ bottomOpen: open });
            }}
          >
            {bottom(true)}
          </Panel>
        </Group>
      </Panel>
      {sideOpen && <Handle label="Resize the panel on the right" />}
      {sideOpen && <SideSlot sizes={sizes}>{side(true)}</SideSlot>}
    </Group>
  );
}

/** As wide as it was when it is opened; a size that changed later would begin it anew. */
function SideSlot({ sizes, children }: { sizes: () => { side: number }; children: ReactNode }) {
  const [percent] = useState(() => sizes().side);
  return (
    <Panel id="side" defaultSize={`${percent}%`} minSize={280} maxSize="60%">
      {children}
    </Panel>
  );
}

/** Opens and folds the panels that the store says, to the size that they had. */
function useOpenPanels(sizes: () => Pick<PaneMemory, "files" | "output">) {
  const filesOpen = useEditorStore((state) => state.filesOpen);
  const sideOpen = useEditorStore((state) => state.side !== null);
  const bottomOpen = useEditorStore((state) => state.bottomOpen);
  const searches = useEditorStore((state) => state.left === "search");
  const output = usePanelRef();
  const leftPanel = usePanelRef();
  const sizesNow = useRef(sizes);
  useEffect(() => {
    // A panel that comes or goes has all of them laid out anew, in a render of its own.
    const frame = requestAnimationFrame(() => {
      if (filesOpen) leftPanel.current?.resize(Math.max(sizesNow.current().files, searches ? searchPixels : 0));
      else leftPanel.current?.collapse();
    });
    return () => cancelAnimationFrame(frame);
  }, [filesOpen, sideOpen, searches, leftPanel]);
  useEffect(() => {
    if (!bottomOpen) output.current?.collapse();
    else if (output.current?.isCollapsed()) output.current.resize(`${sizesNow.current().output}%`);
  }, [bottomOpen, output]);
  return { output, leftPanel };
}

function Handle({ label, horizontal = false }: { label: string; horizontal?: boolean }) {
  return (
    <Separator
      aria-label={label}
      className={`relative bg-border outline-none transition-colors data-[separator=active]:bg-primary data-[separator=hover]:bg-primary/60 focus-visible:bg-ring ${horizontal ? "h-px" : "w-px"}`}
    />
  );
}

const tabs: readonly { id: NarrowPane; label: string; Icon: typeof FilesIcon }[] = [
  { id: "files", label: "Files", Icon: FilesIcon },
  { id: "code", label: "Code", Icon: CodeXmlIcon },
  { id: "side", label: "Try", Icon: FlaskConicalIcon },
  { id: "bottom", label: "Output", Icon: SquareTerminalIcon },
];

function NarrowLayout({ files, code, side, bottom }: Panes) {
  const store = useEditorStoreApi();
  const pane = useEditorStore((state) => state.narrow);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1">
        {pane === "files" && files}
        {/* Monaco stays: it is heavy to make, and holds where one was. */}
        <div className={pane === "code" ? "h-full" : "hidden"}>{code}</div>
        {/* So does the answer of a test, and what was typed for the next one. */}
        <div className={pane === "side" ? "h-full" : "hidden"}>{side(false)}</div>
        {pane === "bottom" && bottom(false)}
      </div>
      <nav aria-label="Panes" className="grid shrink-0 grid-cols-4 border-t pb-[env(safe-area-inset-bottom)]">
        {tabs.map(({ id, label, Icon }) => (
          <button
            key={id}
            type="button"
            aria-current={pane === id ? "true" : undefined}
            onClick={() => store.getState().showNarrow(id)}
            className="grid justify-items-center gap-0.5 py-2 text-xs text-muted-foreground outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset aria-[current]:text-foreground"
          >
            <Icon aria-hidden className="size-5" />
            {label}
          </button>
        ))}
      </nav>
    </div>
  );
}
