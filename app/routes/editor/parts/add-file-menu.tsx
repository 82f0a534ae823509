import { PlusIcon, UploadIcon } from "lucide-react";
import { useRef } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { starters } from "../file-rules.ts";
import type { Upload } from "../uploads.ts";

/** Adds files: from small starters, which are named before they are added, or by upload. */
export function AddFileMenu({ onAdd, onUpload }: { onAdd(path: string, content: string): void; onUpload(uploads: Upload[]): void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          onUpload([...(event.target.files ?? [])].map((file) => ({ path: file.name, file })));
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
            Upload files
          </MenuItem>
        </MenuContent>
      </Menu>
    </>
  );
}
