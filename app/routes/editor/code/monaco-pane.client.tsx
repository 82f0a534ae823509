/** The editor itself. In a module of its own that only the browser gets, after the page has been painted. */
import { useEffect, useRef } from "react";
import type { SourceProblem } from "#core/contract/problem.ts";
import { toast } from "#app/components/ui/toast.tsx";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import type { LanguageStore } from "#app/stores/language-store.ts";
import { connectLanguageServer, type PythonTypes } from "../language/connect.client.ts";
import { createModels, type Models } from "./models.client.ts";
import { failedLines, setMarks } from "./marks.client.ts";
import { commonOptions, monaco } from "./monaco.client.ts";
import { followTheme, themeName } from "./monaco-theme.client.ts";

export interface MonacoPaneProps {
  scope: string;
  problems: readonly SourceProblem[];
  /** The problems of a failed deployment, whose lines are tinted. */
  failed: readonly SourceProblem[];
  onSave: () => void;
  onDeploy: () => void;
  /** Formats a Python file's text. */
  format: (text: string) => Promise<string>;
  language: LanguageStore;
  python: PythonTypes;
}

export function MonacoPane({ scope, problems, failed, onSave, onDeploy, format, language, python }: MonacoPaneProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor>(null);
  const models = useRef<Models>(null);
  const views = useRef(new Map<string, monaco.editor.ICodeEditorViewState | null>());
  const shown = useRef<string>(null);
  const store = useEditorStoreApi();
  const active = useEditorStore((state) => state.active);
  const reveal = useEditorStore((state) => state.reveal);
  const files = useEditorStore((state) => state.files);
  // The shortcuts are registered once; what they do is always the latest.
  const handlers = useRef({ onSave, onDeploy, format });
  useEffect(() => {
    handlers.current = { onSave, onDeploy, format };
  });

  useEffect(() => {
    if (host.current === null) return;
    const endTheme = followTheme();
    const made = monaco.editor.create(host.current, {
      ...commonOptions,
      model: null,
      theme: themeName,
      tabFocusMode: false,
      ariaLabel: "Code",
      glyphMargin: false,
      folding: true,
    });
    editor.current = made;
    models.current = createModels(store, scope);
    made.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyS, () => handlers.current.onSave());
    made.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => handlers.current.onDeploy());
    made.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyMod.Shift | monaco.KeyCode.KeyF, () =>
      store.getState().showSearch(selectedLine(made)),
    );
    // The key differs by system in Monaco; this one works on all.
    made.addCommand(
      monaco.KeyMod.Shift | monaco.KeyMod.Alt | monaco.KeyCode.KeyF,
      () => void made.getAction("editor.action.formatDocument")?.run(),
    );
    const formatter = monaco.languages.registerDocumentFormattingEditProvider("python", {
      displayName: "Ruff",
      provideDocumentFormattingEdits: async (model) => {
        try {
          return [{ range: model.getFullModelRange(), text: await handlers.current.format(model.getValue()) }];
        } catch (error) {
          toast({ title: error instanceof Error ? error.message : "This file could not be formatted.", type: "error" });
          return [];
        }
      },
    });
    return () => {
      formatter.dispose();
      models.current?.dispose();
      made.dispose();
      editor.current = null;
      endTheme();
    };
  }, [store, scope]);

  const { version, types } = python;
  useEffect(() => connectLanguageServer({ store, scope, language, python: { version, types } }), [store, scope, language, version, types]);

  useEffect(() => {
    const current = editor.current;
    if (current === null) return;
    if (shown.current !== null && shown.current !== active) views.current.set(shown.current, current.saveViewState());
    const model = models.current?.get(active) ?? null;
    if (current.getModel() !== model) {
      current.setModel(model);
      const view = views.current.get(active);
      if (view) current.restoreViewState(view);
    }
    current.updateOptions({ ariaLabel: `Code of ${active}` });
    shown.current = active;
  }, [active, files]);

  useEffect(() => {
    if (reveal === null || editor.current === null || reveal.file !== active) return;
    const position = { lineNumber: reveal.line, column: reveal.column };
    editor.current.setPosition(position);
    editor.current.revealPositionInCenter(position);
    editor.current.focus();
  }, [reveal, active]);

  useEffect(() => {
    if (models.current) setMarks(models.current, Object.keys(files), problems);
  }, [problems, files]);

  useEffect(() => {
    const lines = editor.current?.createDecorationsCollection(failedLines(active, failed));
    return () => lines?.clear();
  }, [failed, active]);

  return <div ref={host} className="size-full" data-testid="code" />;
}

/** What is selected within one line; "" where nothing or more is. */
function selectedLine(editor: monaco.editor.IStandaloneCodeEditor): string {
  const selection = editor.getSelection();
  if (selection === null || selection.startLineNumber !== selection.endLineNumber) return "";
  return editor.getModel()?.getValueInRange(selection) ?? "";
}
