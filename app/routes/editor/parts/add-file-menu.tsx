import { PlusIcon, UploadIcon } from "lucide-react";
import { useRef } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import { checkPath, contentFromBytes, isBinaryPath } from "#core/bundle.ts";
import { freePath, starters } from "../file-rules.ts";

/** Adds files: from small starters, which are named before they are added, or by upload. */
export function AddFileMenu({ onAdd }: { onAdd(path: string, content: string): void }) {
  const store = useEditorStoreApi();
  const input = useRef<HTMLInputElement>(null);
  const upload = async (list: readonly File[]) => {
    for (const file of list) {
      const path = freePath(store.getState().files, uploadPath(file.name));
      const bad = checkPath(path);
      if (bad !== null) {
        toast({ title: bad.message, type: "error" });
        continue;
      }
      try {
        store.getState().add(path, contentFromBytes(path, new Uint8Array(await file.arrayBuffer())));
      } catch {
        toast({ title: `${file.name} is not UTF-8 text, so it cannot be added as ${path}.`, type: "error" });
      }
    }
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          void upload([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <Menu>
        <MenuTrigger render={<Button variant="ghost" size="icon-sm" aria-label="Add a file" title="Add a file" />}>
          <PlusIcon aria-hidden />
        </MenuTrigger>
        <MenuContent align="end">
          {starters.map(({ label, path, content }) => (
            <MenuItem key={path} onClick={() => onAdd(path, content)}>
              {label}
              <span className="ml-auto pl-6 font-mono text-xs text-muted-foreground">{path}</span>
            </MenuItem>
          ))}
          <MenuSeparator />
          <MenuItem onClick={() => input.current?.click()}>
            <UploadIcon aria-hidden />
            Upload file
          </MenuItem>
        </MenuContent>
      </Menu>
    </>
  );
}

/** Pictures and fonts are served from static/, where alone they may lie; everything else lands at the top. */
function uploadPath(name: string): string {
  const plain = name
    .normalize("NFC")
    .trim()
    .replaceAll(/[^\w.\-\u00C0-\uFFFF]+/g, "_");
  return isBinaryPath(plain) ? `static/${plain}` : plain;
}
