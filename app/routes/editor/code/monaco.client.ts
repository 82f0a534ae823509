/** Monaco as we use it: all of the editor, the few languages of an app's files, one worker, nothing from elsewhere. */
import "monaco-editor/features/register.all";
import "monaco-editor/languages/definitions/css/register";
import "monaco-editor/languages/definitions/html/register";
import "monaco-editor/languages/definitions/ini/register";
import "monaco-editor/languages/definitions/javascript/register";
import "monaco-editor/languages/definitions/markdown/register";
import "monaco-editor/languages/definitions/python/register";
import "monaco-editor/languages/definitions/xml/register";
import "monaco-editor/languages/definitions/yaml/register";
import * as monaco from "monaco-editor/editor";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

export { monaco };

/** What editor and diff have in common. The font sizes are those of design.md. */
export const commonOptions = {
  fontFamily: "'JetBrains Mono Variable', ui-monospace, SFMono-Regular, Menlo, monospace",
  fontSize: 13,
  lineHeight: 20,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  automaticLayout: true,
  fixedOverflowWidgets: true,
  smoothScrolling: false,
  renderLineHighlightOnlyWhenFocus: true,
  overviewRulerLanes: 2,
  padding: { top: 8, bottom: 8 },
  bracketPairColorization: { enabled: false },
  // The default is a number so pale that it cannot be read.
  renderFinalNewline: "on",
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
} satisfies monaco.editor.IEditorOptions;
