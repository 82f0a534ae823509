/** The part of the Language Server Protocol that we speak. Lines and characters count from 0, in UTF-16, as Monaco counts columns. */
export interface LspPosition {
  line: number;
  character: number;
}
export interface LspRange {
  start: LspPosition;
  end: LspPosition;
}
export interface LspLocation {
  uri: string;
  range: LspRange;
}
export interface LspTextEdit {
  range: LspRange;
  newText: string;
}
export type LspText = string | { value: string };

export interface LspCompletionItem {
  label: string;
  labelDetails?: { detail?: string; description?: string };
  kind?: number;
  tags?: number[];
  detail?: string;
  documentation?: LspText;
  sortText?: string;
  filterText?: string;
  insertText?: string;
  textEdit?: LspTextEdit | { newText: string; insert: LspRange; replace: LspRange };
  additionalTextEdits?: LspTextEdit[];
  commitCharacters?: string[];
}
export interface LspCompletions {
  isIncomplete?: boolean;
  items: LspCompletionItem[];
}
export interface LspHover {
  contents: LspText | LspText[];
  range?: LspRange;
}
export interface LspSignatureHelp {
  activeSignature?: number;
  activeParameter?: number;
  signatures: {
    label: string;
    documentation?: LspText;
    activeParameter?: number;
    parameters?: { label: string | [number, number]; documentation?: LspText }[];
  }[];
}
export interface LspSymbol {
  name: string;
  detail?: string;
  kind: number;
  range: LspRange;
  selectionRange: LspRange;
  children?: LspSymbol[];
}
export interface LspWorkspaceEdit {
  documentChanges?: { textDocument: { uri: string }; edits: LspTextEdit[] }[];
  changes?: Record<string, LspTextEdit[]>;
}
