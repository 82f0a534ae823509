/**
 * What the editor holds that lives only in the browser: buffers against the saved draft, the open file, which panes show.
 * One store per open app, made by the page and handed down by context: a module-wide one would be shared by everybody whose
 * page is rendered on the server at the time. Guarantees: the entrypoint is never removed or renamed.
 */
import { createContext, useContext } from "react";
import { createStore, useStore, type StoreApi } from "zustand";
import type { FileContent, Files } from "#core/contract/files.ts";
import type { SearchQuery } from "#core/search-files.ts";
import { hasChanges } from "./drafts.ts";
import { defaultPanes, type Panes } from "./panes.ts";

export type LeftPane = "files" | "search";
/** What is tried: what visitors get, or the draft on its own host. */
export type Target = "live" | "draft";
export type SidePane = "test" | "preview";
export type BottomPane = "problems" | "deploy" | "logs";
/** On a narrow screen one of these shows at a time. */
export type NarrowPane = "files" | "code" | "side" | "bottom";

/** A place to show: the editor goes there and takes the focus. `at` makes two requests for one place different. */
export interface Reveal {
  file: string;
  line: number;
  column: number;
  at: number;
}

export interface EditorState {
  entrypoint: string;
  /** The saved draft that the buffers are compared with. */
  base: { hash: string; files: Files };
  files: Files;
  active: string;
  reveal: Reveal | null;
  left: LeftPane;
  filesOpen: boolean;
  search: SearchQuery;
  /** How often a search was asked for: each time its field gets the focus. */
  searchAsked: number;
  side: SidePane | null;
  target: Target;
  bottom: BottomPane;
  bottomOpen: boolean;
  narrow: NarrowPane;
  /** When the last test request was sent, in ms by the server's clock, as the log's lines are; null: none was. */
  testedAt: number | null;
  setText(path: string, text: string): void;
  open(path: string): void;
  goTo(place: { file: string; line: number; column?: number | undefined }): void;
  add(path: string, content: FileContent): void;
  rename(from: string, to: string): void;
  remove(path: string): FileContent | null;
  /** Makes `files` the buffers, as after a restore or a merge; the saved draft stays what it was unless `base` says otherwise. */
  replace(files: Files, base?: { hash: string; files: Files }): void;
  /** These files are saved under this hash. Edits made while the save was on its way stay unsaved. */
  saved(hash: string, files: Files): void;
  showFiles(): void;
  /** The left pane, whatever is in it. */
  showLeft(open: boolean): void;
  /** `text`: what is selected, to be searched for; "" for what was searched for before. */
  showSearch(text: string): void;
  setSearch(changes: Partial<SearchQuery>): void;
  showSide(pane: SidePane | null): void;
  setTarget(target: Target): void;
  showBottom(pane: BottomPane, open?: boolean): void;
  showNarrow(pane: NarrowPane): void;
  tested(at: number): void;
}

export type EditorStore = StoreApi<EditorState>;

export interface EditorStart {
  entrypoint: string;
  draft: { hash: string; files: Files };
  open?: { file: string; line: number } | null;
  panes?: Panes;
}

export function createEditorStore({ entrypoint, draft, open, panes = defaultPanes }: EditorStart): EditorStore {
  return createStore<EditorState>((set, get) => ({
    entrypoint,
    base: draft,
    files: draft.files,
    active: open && draft.files[open.file] !== undefined ? open.file : firstOf(draft.files, entrypoint),
    reveal: open && draft.files[open.file] !== undefined ? { ...open, column: 1, at: 0 } : null,
    left: "files",
    filesOpen: panes.filesOpen,
    search: { text: "", isRegex: false, matchCase: false, wholeWord: false, replacement: null },
    searchAsked: 0,
    side: panes.right,
    target: "live",
    bottom: panes.bottom,
    bottomOpen: panes.bottomOpen,
    narrow: "code",
    testedAt: null,
    setText: (path, text) => {
      if (get().files[path] !== undefined && get().files[path] !== text) set(({ files }) => ({ files: { ...files, [path]: text } }));
    },
    open: (path) => {
      if (get().files[path] !== undefined) set({ active: path, narrow: "code" });
    },
    goTo: ({ file, line, column = 1 }) => {
      if (get().files[file] !== undefined)
        set(({ reveal }) => ({ active: file, narrow: "code", reveal: { file, line, column, at: (reveal?.at ?? 0) + 1 } }));
    },
    add: (path, content) => set(({ files }) => ({ files: { ...files, [path]: content }, active: path, narrow: "code" })),
    rename: (from, to) => set((state) => renamed(state, from, to)),
    remove: (path) => {
      const content = get().files[path];
      if (content === undefined || path === get().entrypoint) return null;
      set(({ files, active }) => {
        const { [path]: _gone, ...left } = files;
        return { files: left, active: active === path ? firstOf(left, entrypoint) : active };
      });
      return content;
    },
    replace: (files, base) =>
      set(({ active, base: old }) => ({
        files,
        base: base ?? old,
        active: files[active] === undefined ? firstOf(files, entrypoint) : active,
      })),
    saved: (hash, files) => set({ base: { hash, files } }),
    showFiles: () => set({ left: "files" }),
    showLeft: (filesOpen) => set({ filesOpen }),
    showSearch: (text) =>
      set(({ search, searchAsked }) => ({
        left: "search",
        filesOpen: true,
        narrow: "files",
        search: text === "" ? search : { ...search, text, isRegex: false },
        searchAsked: searchAsked + 1,
      })),
    setSearch: (changes) => set(({ search }) => ({ search: { ...search, ...changes } })),
    showSide: (side) => set({ side, ...(side === null ? {} : { narrow: "side" }) }),
    setTarget: (target) => set({ target }),
    showBottom: (bottom, open = true) => set(open ? { bottom, bottomOpen: true, narrow: "bottom" } : { bottom, bottomOpen: false }),
    tested: (testedAt) => set({ testedAt }),
    showNarrow: (narrow) =>
      set(({ side, bottomOpen }) => ({
        narrow,
        side: narrow === "side" ? (side ?? "test") : side,
        bottomOpen: narrow === "bottom" || bottomOpen,
      })),
  }));
}

function renamed(state: EditorState, from: string, to: string): Partial<EditorState> {
  const content = state.files[from];
  if (content === undefined || from === state.entrypoint || state.files[to] !== undefined) return {};
  const { [from]: _old, ...left } = state.files;
  return { files: { ...left, [to]: content }, active: state.active === from ? to : state.active };
}

const firstOf = (files: Files, entrypoint: string) =>
  files[entrypoint] !== undefined ? entrypoint : (Object.keys(files).sort()[0] ?? entrypoint);

export const isDirty = (state: Pick<EditorState, "base" | "files">): boolean => hasChanges(state.base.files, state.files);

export const EditorStoreContext = createContext<EditorStore | null>(null);

/** The store itself, for what acts without rendering (shortcuts, listeners). */
export function useEditorStoreApi(): EditorStore {
  const store = useContext(EditorStoreContext);
  if (store === null) throw new Error("useEditorStore is used outside the editor");
  return store;
}

export function useEditorStore<Selected>(select: (state: EditorState) => Selected): Selected {
  return useStore(useEditorStoreApi(), select);
}
