/** Two texts side by side (one under the other where it is narrow), by Monaco's diff editor. */
import { useEffect, useRef } from "react";
import { languageOf } from "../file-rules.ts";
import { commonOptions, monaco } from "./monaco.client.ts";
import { followTheme, themeName } from "./monaco-theme.client.ts";

export interface DiffViewProps {
  path: string;
  before: string;
  after: string;
}

export function DiffView({ path, before, after }: DiffViewProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const endTheme = followTheme();
    const original = monaco.editor.createModel(before, languageOf(path));
    const modified = monaco.editor.createModel(after, languageOf(path));
    const editor = monaco.editor.createDiffEditor(host.current, {
      ...commonOptions,
      theme: themeName,
      readOnly: true,
      originalEditable: false,
      renderOverviewRuler: false,
      hideUnchangedRegions: { enabled: true },
    });
    editor.getOriginalEditor().updateOptions({ ariaLabel: `${path}, before` });
    editor.getModifiedEditor().updateOptions({ ariaLabel: `${path}, after` });
    editor.setModel({ original, modified });
    return () => {
      editor.dispose();
      original.dispose();
      modified.dispose();
      endTheme();
    };
  }, [path, before, after]);
  return <div ref={host} className="size-full" />;
}
