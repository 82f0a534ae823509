/**
 * What the language server adds to the editor, for the Python files of one app. An answer that comes after the text has changed is
 * dropped, and what Monaco no longer wants is cancelled.
 */
import { monaco } from "../code/monaco.client.ts";
import { toCompletion, toDetails, toEdit, toLspPosition, toMarkdown, toRange, toSignatures, toSymbol } from "./convert.client.ts";
import type { LanguageServer } from "./language-server.ts";
import type { Places } from "./places.client.ts";
import type {
  LspCompletionItem,
  LspCompletions,
  LspHover,
  LspLocation,
  LspRange,
  LspSignatureHelp,
  LspSymbol,
  LspWorkspaceEdit,
} from "./protocol.ts";

export interface ProviderOptions {
  /** The server; null while there is none that answers. Called for every question, so that the first one can start it. */
  server(): LanguageServer | null;
  places: Places;
}

/** Registers them all. */
export function registerProviders({ server, places }: ProviderOptions): monaco.IDisposable {
  /** Asks about a place in a model; null when it is not this app's, or the answer is for another text. */
  const ask = async <Result>(
    method: string,
    model: monaco.editor.ITextModel,
    more: object,
    token: monaco.CancellationToken,
  ): Promise<Result | null> => {
    const uri = places.toUri(model);
    const asked = uri === null ? null : server();
    if (uri === null || asked === null) return null;
    const abort = new AbortController();
    const listening = token.onCancellationRequested(() => abort.abort());
    const version = model.getVersionId();
    const answer = await asked.ask<Result>(method, { textDocument: { uri }, ...more }, abort.signal);
    listening.dispose();
    if (token.isCancellationRequested || model.isDisposed()) return null;
    // Monaco narrows a list of completions by what was typed meanwhile, and cancels one that no longer fits; it does not ask again.
    return method !== "textDocument/completion" && model.getVersionId() !== version ? null : answer;
  };
  const at = (position: monaco.IPosition) => ({ position: toLspPosition(position) });
  // Only the app's files: not the two sides of a diff, nor the sources of packages.
  const python = { language: "python", scheme: "fp" };
  const { languages } = monaco;
  const registered = [
    languages.registerCompletionItemProvider(python, createCompletions(ask, server)),
    languages.registerHoverProvider(python, {
      async provideHover(model, position, token) {
        const hover = await ask<LspHover>("textDocument/hover", model, at(position), token);
        if (hover === null) return null;
        const contents = (Array.isArray(hover.contents) ? hover.contents : [hover.contents]).map(toMarkdown);
        return { contents, ...(hover.range === undefined ? {} : { range: toRange(hover.range) }) };
      },
    }),
    languages.registerSignatureHelpProvider(python, {
      signatureHelpTriggerCharacters: ["(", ","],
      signatureHelpRetriggerCharacters: [")"],
      async provideSignatureHelp(model, position, token) {
        const help = await ask<LspSignatureHelp>("textDocument/signatureHelp", model, at(position), token);
        return help === null ? null : { value: toSignatures(help), dispose: () => undefined };
      },
    }),
    languages.registerDefinitionProvider(python, {
      async provideDefinition(model, position, token) {
        const found = await ask<LspLocation[]>("textDocument/definition", model, at(position), token);
        return found === null ? null : places.toLocations(found);
      },
    }),
    languages.registerReferenceProvider(python, {
      async provideReferences(model, position, context, token) {
        const found = await ask<LspLocation[]>("textDocument/references", model, { ...at(position), context }, token);
        return found === null ? null : places.toLocations(found);
      },
    }),
    languages.registerDocumentSymbolProvider(python, {
      displayName: "Python",
      async provideDocumentSymbols(model, token) {
        return (await ask<LspSymbol[]>("textDocument/documentSymbol", model, {}, token))?.map(toSymbol);
      },
    }),
    languages.registerRenameProvider(python, createRenames(ask, places)),
  ];
  return { dispose: () => registered.forEach((each) => each.dispose()) };
}

type Ask = <Result>(
  method: string,
  model: monaco.editor.ITextModel,
  more: object,
  token: monaco.CancellationToken,
) => Promise<Result | null>;

function createCompletions(ask: Ask, server: () => LanguageServer | null): monaco.languages.CompletionItemProvider {
  /** What the server said of an item, to be asked about again when it is looked at. */
  const said = new WeakMap<monaco.languages.CompletionItem, LspCompletionItem>();
  return {
    triggerCharacters: [".", "[", '"', "'"],
    async provideCompletionItems(model, position, _context, token) {
      // Before the answer: the text may be another one by then.
      const { startColumn, endColumn } = model.getWordUntilPosition(position);
      const { lineNumber } = position;
      const word = { startLineNumber: lineNumber, startColumn, endLineNumber: lineNumber, endColumn };
      const answer = await ask<LspCompletions | LspCompletionItem[]>(
        "textDocument/completion",
        model,
        { position: toLspPosition(position) },
        token,
      );
      if (answer === null) return null;
      const { items, isIncomplete = false } = Array.isArray(answer) ? { items: answer } : answer;
      const suggestions = items.map((item) => {
        const suggestion = toCompletion(item, word);
        said.set(suggestion, item);
        return suggestion;
      });
      return { suggestions, incomplete: isIncomplete };
    },
    async resolveCompletionItem(suggestion, token) {
      const item = said.get(suggestion);
      if (item === undefined) return suggestion;
      const abort = new AbortController();
      const listening = token.onCancellationRequested(() => abort.abort());
      const resolved = await server()?.ask<LspCompletionItem>("completionItem/resolve", item, abort.signal);
      listening.dispose();
      return resolved ? { ...suggestion, ...toDetails(resolved) } : suggestion;
    },
  };
}

const nothingToRename = { rejectReason: "Only names that are defined in this app can be renamed." };

function createRenames(ask: Ask, places: Places): monaco.languages.RenameProvider {
  return {
    async provideRenameEdits(model, position, newName, token) {
      const edit = await ask<LspWorkspaceEdit>("textDocument/rename", model, { position: toLspPosition(position), newName }, token);
      const changes =
        edit?.documentChanges?.map(({ textDocument, edits }) => ({ uri: textDocument.uri, edits })) ??
        Object.entries(edit?.changes ?? {}).map(([uri, edits]) => ({ uri, edits }));
      if (changes.length === 0) return { edits: [], ...nothingToRename };
      const edits = changes.flatMap(({ uri, edits: list }) => {
        const resource = places.toModel(uri);
        return resource === null ? [] : list.map((each) => ({ resource, versionId: undefined, textEdit: toEdit(each) }));
      });
      return { edits };
    },
    async resolveRenameLocation(model, position, token) {
      const answer = await ask<LspRange | { range: LspRange }>(
        "textDocument/prepareRename",
        model,
        { position: toLspPosition(position) },
        token,
      );
      const word = model.getWordAtPosition(position);
      const here = {
        startLineNumber: position.lineNumber,
        startColumn: position.column,
        endLineNumber: position.lineNumber,
        endColumn: position.column,
      };
      if (answer === null || word === null) return { range: here, text: "", ...nothingToRename };
      return { range: toRange("range" in answer ? answer.range : answer), text: word.word };
    },
  };
}
