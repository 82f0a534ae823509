/**
 * Where things are: the app's files, which the editor opens, and files of packages and of the standard library, which it shows in a
 * peek. Their text is read from the server when a definition leads there, and lies in a model of its own that nothing saves.
 */
import { monaco } from "../code/monaco.client.ts";
import { uriOf } from "../code/models.client.ts";
import { toRange } from "./convert.client.ts";
import { toAppPath, toServerPath, toServerUri } from "./documents.ts";
import type { LspLocation } from "./protocol.ts";

const sourceScheme = "fp-source";

export interface Places {
  /** The server's name of a model of this app; null for any other model. */
  toUri(model: monaco.editor.ITextModel): string | null;
  /** The model's address of an app's file; null for any other file. */
  toModel(uri: string): monaco.Uri | null;
  /** Places that can be shown: those whose text cannot be had are left out. */
  toLocations(found: readonly LspLocation[]): Promise<monaco.languages.Location[]>;
  dispose(): void;
}

/** As many as a peek is read for; more are found only for the commonest names. */
const mostSources = 20;

export function createPlaces(scope: string, readSource: (path: string) => Promise<string | null>): Places {
  const own = uriOf(scope, "");
  const made: monaco.editor.ITextModel[] = [];

  const toModel = (uri: string): monaco.Uri | null => {
    const path = toAppPath(uri);
    return path === null ? null : uriOf(scope, path);
  };
  const showSource = async (uri: string): Promise<monaco.Uri | null> => {
    const path = toServerPath(uri);
    const address = monaco.Uri.from({ scheme: sourceScheme, authority: scope, path });
    if (monaco.editor.getModel(address) !== null) return address;
    const text = await readSource(path);
    if (text === null) return null;
    if (monaco.editor.getModel(address) === null) made.push(monaco.editor.createModel(text, "python", address));
    return address;
  };

  return {
    toUri: ({ uri }) => (uri.scheme === own.scheme && uri.authority === own.authority ? toServerUri(uri.path.slice(1)) : null),
    toModel,
    async toLocations(found) {
      const sources = new Set<string>();
      const places = await Promise.all(
        found.map(async ({ uri, range }) => {
          let address = toModel(uri);
          if (address === null && (sources.add(uri), sources.size <= mostSources)) address = await showSource(uri);
          return address === null ? [] : [{ uri: address, range: toRange(range) }];
        }),
      );
      return places.flat();
    },
    dispose() {
      for (const model of made) model.dispose();
    },
  };
}

/** Opens what a definition leads to: a file of the app in the editor, any other as a peek where it is asked for. */
export function registerOpener(scope: string, goTo: (place: { file: string; line: number; column: number }) => void): monaco.IDisposable {
  return monaco.editor.registerEditorOpener({
    openCodeEditor(source, resource, at) {
      if (resource.authority !== scope) return false;
      if (resource.scheme === sourceScheme) {
        source.trigger("fp", "editor.action.peekDefinition", null);
        return true;
      }
      const line = at === undefined ? 1 : "lineNumber" in at ? at.lineNumber : at.startLineNumber;
      const column = at === undefined ? 1 : "column" in at ? at.column : at.startColumn;
      goTo({ file: resource.path.slice(1), line, column });
      return true;
    },
  });
}
