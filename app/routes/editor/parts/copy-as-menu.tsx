import { CopyIcon } from "lucide-react";
import { useRef } from "react";
import { copyText } from "#app/components/ui/copy-text.ts";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import type { Credentials } from "../request-auth.ts";
import type * as Writer from "../request-code.ts";
import { codeKinds, type CodeKind } from "../request-kinds.ts";
import { parseRequest, type RequestDraft } from "../requests.ts";

/** Copies the request as code for elsewhere; a variable stands for the credentials. */
export function CopyAsMenu({ draft, credentials, appUrl }: { draft: RequestDraft; credentials: Credentials; appUrl: string }) {
  // Those that are not given yet are left out of the code anyway.
  const { token, user, key } = credentials;
  const parsed = parseRequest(draft, { ...credentials, token: token || "token", user: user || "user", key: key || "key" });
  const written = useRef<typeof Writer>(null);
  const load = async () => (written.current = await import("../request-code.ts"));
  const copy = async (kind: CodeKind, label: string) => {
    if (!parsed.ok) return;
    const { toCode, variableOf } = written.current ?? (await load());
    const variable = variableOf(parsed.request);
    await copyText(toCode(kind, parsed.request, appUrl)).then(
      () =>
        toast({
          title: `Copied for ${label}`,
          ...(variable !== null && { description: `It takes the credentials from the variable ${variable}.` }),
          type: "success",
        }),
      () => toast({ title: "Your browser refused to copy", type: "error" }),
    );
  };
  return (
    // Loaded by the time that an item is picked: some browsers copy only right after a click.
    <Menu onOpenChange={(open) => open && void load()}>
      <MenuTrigger
        disabled={!parsed.ok}
        className="flex items-center gap-1 rounded px-1.5 text-xs whitespace-nowrap text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring disabled:opacity-50"
      >
        <CopyIcon aria-hidden className="size-3.5" />
        Copy as
      </MenuTrigger>
      <MenuContent align="end">
        {codeKinds.map(({ id, label }) => (
          <MenuItem key={id} onClick={() => void copy(id, label)}>
            {label}
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
