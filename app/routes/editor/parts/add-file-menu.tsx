import { UploadIcon } from "lucide-react";
import { useRef } from "react";
import type { DeferredMenuProps } from "#app/components/ui/deferred-menu.tsx";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { starters } from "../file-rules.ts";
import type { Upload } from "../uploads.ts";

interface AddFileMenuProps extends DeferredMenuProps {
  onAdd: (path: string, content: string) => void;
  onUpload: (uploads: Upload[]) => void;
}

/** Adds files: from small starters, which are named before they are added, or by upload. */
export function AddFileMenu({ onAdd, onUpload, trigger, defaultOpen }: AddFileMenuProps) {
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
      <Menu defaultOpen={defaultOpen}>
        <MenuTrigger render={trigger} />
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
