import { CopyIcon } from "lucide-react";
import { copyText } from "#app/components/ui/copy-text.ts";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { codeKinds, toCode, type CodeKind } from "../request-code.ts";
import { parseRequest, type RequestDraft } from "../requests.ts";

/** Copies the request as code for elsewhere. */
export function CopyAsMenu({ draft, appUrl }: { draft: RequestDraft; appUrl: string }) {
  const parsed = parseRequest(draft);
  const copy = (kind: CodeKind, label: string) => {
    if (!parsed.ok) return;
    copyText(toCode(kind, parsed.request, appUrl)).then(
      () => toast({ title: `Copied for ${label}`, type: "success" }),
      () => toast({ title: "Your browser refused to copy", type: "error" }),
    );
  };
  return (
    <Menu>
      <MenuTrigger
        disabled={!parsed.ok}
        className="flex items-center gap-1 rounded text-xs text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring disabled:opacity-50"
      >
        <CopyIcon aria-hidden className="size-3.5" />
        Copy as
      </MenuTrigger>
      <MenuContent align="end">
        {codeKinds.map(({ id, label }) => (
          <MenuItem key={id} onClick={() => copy(id, label)}>
            {label}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
