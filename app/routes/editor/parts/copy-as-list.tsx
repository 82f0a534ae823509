import { useRef } from "react";
import { copyText } from "#app/components/ui/copy-text.ts";
import type { DeferredMenuProps } from "#app/components/ui/deferred-menu.tsx";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import type * as Writer from "../request-code.ts";
import { codeKinds, type CodeKind } from "../request-kinds.ts";
import type { PlannedRequest } from "../requests.ts";

interface CopyAsListProps extends DeferredMenuProps {
  /** Null: there is nothing to copy yet. */
  request: PlannedRequest | null;
  appUrl: string;
}

export function CopyAsList({ request, appUrl, trigger, defaultOpen }: CopyAsListProps) {
  const written = useRef<typeof Writer>(null);
  const load = async () => (written.current = await import("../request-code.ts"));
  const copy = async (kind: CodeKind, label: string) => {
    if (request === null) return;
    const { toCode, variableOf } = written.current ?? (await load());
    const variable = variableOf(request);
    await copyText(toCode(kind, request, appUrl)).then(
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
    <Menu defaultOpen={defaultOpen} onOpenChange={(open) => open && void load()}>
      <MenuTrigger disabled={request === null} render={trigger} />
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
