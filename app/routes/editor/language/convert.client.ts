/** Between the server's words and Monaco's. */
import { monaco } from "../code/monaco.client.ts";
import type { LspCompletionItem, LspPosition, LspRange, LspSignatureHelp, LspSymbol, LspText, LspTextEdit } from "./protocol.ts";

export const toLspPosition = ({ lineNumber, column }: monaco.IPosition): LspPosition => ({ line: lineNumber - 1, character: column - 1 });

export const toRange = ({ start, end }: LspRange): monaco.IRange => ({
  startLineNumber: start.line + 1,
  startColumn: start.character + 1,
  endLineNumber: end.line + 1,
  endColumn: end.character + 1,
});

export const toEdit = ({ range, newText }: LspTextEdit): monaco.languages.TextEdit => ({ range: toRange(range), text: newText });

/** Texts come from sources of packages: nothing in them may run a command or be taken for HTML. */
export const toMarkdown = (text: LspText): monaco.IMarkdownString => ({
  value: typeof text === "string" ? text : text.value,
  isTrusted: false,
  supportHtml: false,
});

const kinds = [
  ...["Text", "Method", "Function", "Constructor", "Field", "Variable", "Class", "Interface", "Module", "Property", "Unit", "Value"],
  ...["Enum", "Keyword", "Snippet", "Color", "File", "Reference", "Folder", "EnumMember", "Constant", "Struct", "Event", "Operator"],
  "TypeParameter",
] as (keyof typeof monaco.languages.CompletionItemKind)[];

/** `word`: what is being typed, which an item without a place of its own replaces. */
export function toCompletion(item: LspCompletionItem, word: monaco.IRange): monaco.languages.CompletionItem {
  const { textEdit } = item;
  const place = textEdit === undefined ? word : "range" in textEdit ? toRange(textEdit.range) : toPlaces(textEdit.insert, textEdit.replace);
  return {
    label:
      item.labelDetails === undefined
        ? item.label
        : { label: item.label, ...pick(item.labelDetails, "detail"), ...pick(item.labelDetails, "description") },
    kind: monaco.languages.CompletionItemKind[kinds[(item.kind ?? 1) - 1] ?? "Text"],
    insertText: textEdit?.newText ?? item.insertText ?? item.label,
    range: place,
    ...pick(item, "sortText"),
    ...pick(item, "filterText"),
    ...pick(item, "commitCharacters"),
    ...(item.tags?.includes(1) ? { tags: [monaco.languages.CompletionItemTag.Deprecated] } : {}),
    ...toDetails(item),
  };
}

/** What is known of an item once it was resolved. */
export function toDetails(item: LspCompletionItem): Partial<monaco.languages.CompletionItem> {
  return {
    ...pick(item, "detail"),
    ...(item.documentation === undefined ? {} : { documentation: toMarkdown(item.documentation) }),
    ...(item.additionalTextEdits === undefined ? {} : { additionalTextEdits: item.additionalTextEdits.map(toEdit) }),
  };
}

const toPlaces = (insert: LspRange, replace: LspRange) => ({ insert: toRange(insert), replace: toRange(replace) });

/** The field, where it is there: Monaco tells "absent" from "undefined". */
function pick<Source extends object, Key extends keyof Source>(source: Source, key: Key): { [K in Key]?: NonNullable<Source[K]> } {
  const value = source[key];
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: NonNullable<Source[K]> };
}

export function toSignatures(help: LspSignatureHelp): monaco.languages.SignatureHelp {
  const active = help.activeSignature ?? 0;
  return {
    activeSignature: active,
    activeParameter: help.signatures[active]?.activeParameter ?? help.activeParameter ?? 0,
    signatures: help.signatures.map(({ label, documentation, parameters, activeParameter }) => ({
      label,
      ...(documentation === undefined ? {} : { documentation: toMarkdown(documentation) }),
      ...(activeParameter === undefined ? {} : { activeParameter }),
      parameters: (parameters ?? []).map((parameter) => ({
        label: parameter.label,
        ...(parameter.documentation === undefined ? {} : { documentation: toMarkdown(parameter.documentation) }),
      })),
    })),
  };
}

export const toSymbol = (symbol: LspSymbol): monaco.languages.DocumentSymbol => ({
  name: symbol.name,
  detail: symbol.detail ?? "",
  // The same list, counted from 0.
  kind: symbol.kind - 1,
  tags: [],
  range: toRange(symbol.range),
  selectionRange: toRange(symbol.selectionRange),
  children: (symbol.children ?? []).map(toSymbol),
});
