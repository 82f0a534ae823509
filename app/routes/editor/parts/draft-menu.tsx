/** What else can be done with the draft's host. */
import { CopyIcon, EllipsisIcon, EraserIcon, PowerOffIcon } from "lucide-react";
import type { App } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import type { DraftHostControl } from "../use-draft-host.ts";

export function DraftMenu({ app, draft }: { app: App; draft: DraftHostControl }) {
  const empty = async () => {
    if (await draft.fill("empty")) toast({ title: "The draft's database is empty", type: "success" });
  };
  return (
    <Menu>
      <MenuTrigger render={<Button type="button" variant="ghost" size="icon-sm" aria-label="The draft's host" title="The draft's host" />}>
        <EllipsisIcon aria-hidden />
      </MenuTrigger>
      <MenuContent align="end">
        {app.database !== null && (
          <>
            <MenuItem onClick={() => void draft.fill("live")}>
              <CopyIcon aria-hidden />
              Copy the live database again
            </MenuItem>
            <MenuItem onClick={() => void empty()}>
              <EraserIcon aria-hidden />
              Empty the draft's database
            </MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuItem variant="destructive" onClick={() => void draft.remove()}>
          <PowerOffIcon aria-hidden />
          Remove the draft's host and database
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
