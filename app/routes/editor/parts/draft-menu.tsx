/** What else can be done with the draft's host. */
import { CopyIcon, EllipsisIcon, EraserIcon, PowerOffIcon, VariableIcon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { App, EnvVar } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { call, wordsOf } from "../call.ts";
import type { DraftHostControl } from "../use-draft-host.ts";

// Seldom opened, and it brings the editor of variables along.
const DraftEnvDialog = lazy(() => import("./draft-env-dialog.tsx").then((module) => ({ default: module.DraftEnvDialog })));

export function DraftMenu({ app, draft }: { app: App; draft: DraftHostControl }) {
  const [env, setEnv] = useState<readonly EnvVar[] | null>(null);
  const { host } = draft.host;
  const openEnv = async () => {
    const answer = await call<{ env: EnvVar[] }>(`/apps/${host}/edit/settings`);
    if (answer.ok) setEnv(answer.value.env);
    else toast({ title: wordsOf(answer.problem), type: "error" });
  };
  const empty = async () => {
    if (await draft.fill("empty")) toast({ title: "The draft's database is empty", type: "success" });
  };
  return (
    <>
      {env !== null && (
        <Suspense fallback={null}>
          <DraftEnvDialog host={host} env={env} onClose={() => setEnv(null)} />
        </Suspense>
      )}
      <Menu>
        <MenuTrigger
          render={<Button type="button" variant="ghost" size="icon-sm" aria-label="The draft's host" title="The draft's host" />}
        >
          <EllipsisIcon aria-hidden />
        </MenuTrigger>
        <MenuContent align="end">
          <MenuItem onClick={() => void openEnv()}>
            <VariableIcon aria-hidden />
            Variables of the draft…
          </MenuItem>
          <MenuSeparator />
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
    </>
  );
}
