/**
 * One Monaco model per text file, kept in step with the editor's store in both directions: typing goes to the store, what the
 * store changes by itself (restore, merge, rename) goes into the model as an edit that can be undone.
 */
import type { EditorStore } from "#app/stores/editor-store.ts";
import { languageOf } from "../file-rules.ts";
import { monaco } from "./monaco.client.ts";

export interface Models {
  get(path: string): monaco.editor.ITextModel | null;
  dispose(): void;
}

/** Whose the markers of findings are. */
export const markerOwner = "fp";

/** Models live in a scheme of the app's own: two editors in one window do not meet. */
export const uriOf = (scope: string, path: string): monaco.Uri => monaco.Uri.from({ scheme: "fp", authority: scope, path: `/${path}` });

export function createModels(store: EditorStore, scope: string): Models {
  const models = new Map<string, monaco.editor.ITextModel>();
  // True while the store's text is written into a model: that change is not typing.
  let writing = false;

  const sync = () => {
    const { files } = store.getState();
    for (const [path, model] of models) {
      if (typeof files[path] === "string") continue;
      models.delete(path);
      // Markers outlive their model, and F8 would still lead to them.
      monaco.editor.setModelMarkers(model, markerOwner, []);
      model.dispose();
    }
    for (const [path, content] of Object.entries(files)) {
      if (typeof content !== "string") continue;
      const model = models.get(path);
      if (model === undefined) models.set(path, create(path, content));
      else if (model.getValue() !== content) write(model, content);
    }
  };
  const create = (path: string, content: string) => {
    const uri = uriOf(scope, path);
    monaco.editor.getModel(uri)?.dispose();
    const model = monaco.editor.createModel(content, languageOf(path), uri);
    model.updateOptions({ tabSize: languageOf(path) === "python" ? 4 : 2, insertSpaces: true });
    model.onDidChangeContent(() => {
      if (!writing) store.getState().setText(path, model.getValue());
    });
    return model;
  };
  const write = (model: monaco.editor.ITextModel, content: string) => {
    writing = true;
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: content }], () => null);
    writing = false;
  };

  sync();
  const unsubscribe = store.subscribe((state, before) => {
    if (state.files !== before.files) sync();
  });
  return {
    get: (path) => models.get(path) ?? null,
    dispose: () => {
      unsubscribe();
      for (const model of models.values()) model.dispose();
    },
  };
}
