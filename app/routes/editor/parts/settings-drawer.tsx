/** The app's settings: database, variables and secrets, sleep, description. Saved at once; a live app is rolled when it must be. */
import { PackageIcon } from "lucide-react";
import { useId, useState, type FormEvent } from "react";
import type { App, EnvVar } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { NativeSelect } from "#app/components/ui/select.tsx";
import { Sheet, SheetContent, SheetDescription, SheetTitle } from "#app/components/ui/sheet.tsx";
import { Textarea } from "#app/components/ui/textarea.tsx";
import { call, wordsOf } from "../call.ts";
import { envFaults, toEnv, toRows } from "../env-draft.ts";
import { EnvEditor } from "./env-editor.tsx";
import { PackagesDialog } from "./packages-dialog.tsx";
import { ShareField } from "./share-field.tsx";

interface SettingsDrawerProps {
  app: App;
  env: readonly EnvVar[];
  databases: readonly { id: string; name: string; default: boolean }[];
  onClose(): void;
  /** Saved; the deployment that rolls the live version, if one does. */
  onSaved(deploymentId: string | null): void;
}

export function SettingsDrawer({ app, env, databases, onClose, onSaved }: SettingsDrawerProps) {
  const [name, setName] = useState(app.name);
  const [description, setDescription] = useState(app.description);
  const [minutes, setMinutes] = useState(String(app.sleepAfterMinutes));
  const [database, setDatabase] = useState(app.database?.id ?? "");
  const [shared, setShared] = useState(app.shared);
  const [rows, setRows] = useState(() => toRows(env));
  const [packages, setPackages] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const faults = envFaults(rows);
  const id = useId();
  const vars = toEnv(rows);
  const envChanged = JSON.stringify(vars) !== JSON.stringify(toEnv(toRows(env)));
  const restarts = app.liveVersion !== null && (envChanged || database !== (app.database?.id ?? ""));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (faults.size > 0 || busy) return;
    setBusy(true);
    const changed = {
      ...(name !== app.name && { name }),
      ...(description !== app.description && { description }),
      ...(Number(minutes) !== app.sleepAfterMinutes && { sleepAfterMinutes: Number(minutes) }),
      ...(shared !== app.shared && { shared }),
      ...(database !== (app.database?.id ?? "") && { database: database === "" ? null : database }),
    };
    const answer = await call<{ deploymentId: string | null }>(`/apps/${app.slug}/edit/settings`, {
      ...(Object.keys(changed).length > 0 && { app: changed }),
      ...(envChanged && { env: vars }),
    });
    setBusy(false);
    if (answer.ok) onSaved(answer.value.deploymentId);
    else setError(wordsOf(answer.problem));
  };
  return (
    <Sheet open onOpenChange={(open) => !open && onClose()}>
      <SheetContent side="right" className="max-w-[30rem] overflow-hidden">
        <form onSubmit={(event) => void submit(event)} className="flex h-full min-h-0 flex-col">
          <div className="shrink-0 border-b px-4 py-3 pr-12">
            <SheetTitle>Settings</SheetTitle>
            <SheetDescription>of {app.name}</SheetDescription>
          </div>
          <div className="grid min-h-0 flex-1 content-start gap-6 overflow-y-auto p-4">
            <Row id={`${id}-db`} label="Database" hint="The app reads its address from PLATFORM_MONGO_URI.">
              <NativeSelect
                id={`${id}-db`}
                aria-describedby={`${id}-db-hint`}
                value={database}
                onChange={({ target }) => setDatabase(target.value)}
              >
                <option value="">None</option>
                {databases.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                    {each.default ? " (your default)" : ""}
                  </option>
                ))}
                {!databases.some((each) => each.default) && <option value="default">Your default database (is made now)</option>}
              </NativeSelect>
            </Row>
            <EnvEditor rows={rows} faults={faults} onChange={setRows} />
            <div className="grid justify-items-start gap-1.5">
              <span className="text-[13px] font-medium">Packages</span>
              <Button type="button" variant="outline" size="sm" onClick={() => setPackages(true)}>
                <PackageIcon aria-hidden />
                What can be imported
              </Button>
            </div>
            <Row id={`${id}-sleep`} label="Sleeps after" hint="Minutes without a request, 1 to 1,440. The next request wakes it.">
              <Input
                id={`${id}-sleep`}
                aria-describedby={`${id}-sleep-hint`}
                type="number"
                min={1}
                max={1440}
                step={1}
                required
                value={minutes}
                onChange={({ target }) => setMinutes(target.value)}
                className="w-28"
              />
            </Row>
            <Row id={`${id}-name`} label="Name" hint="The address stays the same.">
              <Input
                id={`${id}-name`}
                aria-describedby={`${id}-name-hint`}
                required
                maxLength={80}
                value={name}
                onChange={({ target }) => setName(target.value)}
              />
            </Row>
            <Row id={`${id}-text`} label="Description">
              <Textarea
                id={`${id}-text`}
                rows={3}
                maxLength={500}
                value={description}
                onChange={({ target }) => setDescription(target.value)}
              />
            </Row>
            <ShareField slug={app.slug} shared={shared} saved={app.shared} onChange={setShared} />
          </div>
          <div className="flex shrink-0 items-center gap-2 border-t px-4 py-3">
            <div className="min-w-0 flex-1 text-xs">
              <p role="alert" className="text-destructive">
                {error}
              </p>
              <p role="status" className="text-muted-foreground">
                {restarts && error === null && "Saving restarts the live version with this; no request fails."}
              </p>
            </div>
            <Button type="button" variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={busy || faults.size > 0}>
              {busy ? "Saving…" : "Save settings"}
            </Button>
          </div>
        </form>
        {packages && <PackagesDialog slug={app.slug} wanted="" onClose={() => setPackages(false)} />}
      </SheetContent>
    </Sheet>
  );
}

function Row({ id, label, hint, children }: { id: string; label: string; hint?: string; children: React.ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-[13px] font-medium">
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-xs text-muted-foreground">
          {hint}
        </p>
      )}
    </div>
  );
}
