/** An app from a ZIP: an export, or any project's folder. Works without JavaScript. */
import { FileArchiveIcon, LoaderCircleIcon } from "lucide-react";
import { useId, useRef, useState } from "react";
import { Form, Link, redirect, useNavigation } from "react-router";
import type { Problem } from "#core/contract/problem.ts";
import { zipLimits } from "#core/limits.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { Button } from "#app/components/ui/button.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Card } from "#app/components/ui/card.tsx";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireUser, route } from "#server/http/route.ts";
import { readFile } from "#server/http/uploads.ts";
import type { Route } from "./+types/import.ts";

export const meta: Route.MetaFunction = () => [{ title: "Import an app · FastAPI Platform" }];
export const handle: PageHandle = { crumbs: () => [{ label: "Apps", to: "/apps" }, { label: "Import" }] };

export const loader = route(async ({ context }: Route.LoaderArgs) => {
  await requireUser(context);
  return null;
});

export const action = formAction(async ({ request, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const zip = await readFile(request, "application/zip", zipLimits.archiveBytes + 10_000);
  const { app, leftOut, missingValues } = await context.get(servicesContext).apps.importZip(user.id, await zip.bytes(), zip.name);
  // With nothing to tell, the editor tells enough.
  if (leftOut.length === 0 && missingValues.length === 0) throw redirect(`/apps/${app.slug}/edit`);
  return { imported: { slug: app.slug, name: app.name, leftOut, missingValues } };
});

export default function ImportPage({ actionData }: Route.ComponentProps) {
  const imported = actionData && "imported" in actionData ? actionData.imported : null;
  const problem = actionData && "problem" in actionData ? actionData.problem : undefined;
  return (
    <div className="mx-auto w-full max-w-2xl">
      <h1 className="text-title">Import an app</h1>
      <p className="mt-1 text-muted-foreground">
        From a ZIP: an app that was exported, or the folder of any Python project with an app.py or main.py in it.
      </p>
      {imported === null ? <ChooseZip problem={problem} /> : <Imported {...imported} />}
    </div>
  );
}

function ChooseZip({ problem }: { problem: Problem | undefined }) {
  const busy = useNavigation().formAction === "/apps/import";
  const [isOver, setOver] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  return (
    <Form method="post" encType="multipart/form-data" className="mt-6 grid gap-4">
      {problem !== undefined && <Refusal problem={problem} id={`${id}-problem`} />}
      <div
        className={`grid justify-items-center gap-3 rounded-xl border border-dashed px-4 py-8 text-center ${isOver ? "border-primary bg-primary/10" : "bg-card"}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          if (field.current !== null && event.dataTransfer.files.length > 0) field.current.files = event.dataTransfer.files;
        }}
      >
        <FileArchiveIcon aria-hidden className="size-8 text-muted-foreground" />
        <label htmlFor={id} className="font-medium">
          Choose a ZIP, or drop it here
        </label>
        <input
          ref={field}
          id={id}
          type="file"
          name="file"
          accept=".zip,application/zip"
          required
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? `${id}-hint` : `${id}-problem ${id}-hint`}
          className="w-full max-w-sm cursor-pointer rounded-md border border-input bg-card text-[13px] outline-none file:mr-3 file:h-9 file:cursor-pointer file:border-0 file:border-r file:border-solid file:border-input file:bg-muted file:px-3 file:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
        />
        <p id={`${id}-hint`} className="max-w-[52ch] text-[13px] text-muted-foreground">
          Up to 50 files, 100 KB each. What tools leave beside the code, such as .git, .venv and node_modules, is left out. Secrets are
          never in a ZIP: give them their values in the app’s settings.
        </p>
      </div>
      <Button type="submit" className="w-fit" disabled={busy}>
        {busy && <LoaderCircleIcon aria-hidden className="motion-safe:animate-spin" />}
        {busy ? "Importing…" : "Import"}
      </Button>
    </Form>
  );
}

/** Every reason with the file that it is about, as they can be mended all at once. */
function Refusal({ problem, id }: { problem: Problem; id: string }) {
  const messages = [...new Set((problem.problems ?? []).map(({ message }) => message))];
  return (
    <div id={id} role="alert" className="rounded-lg border border-error/40 bg-error/10 px-4 py-3 text-sm">
      <p className="font-medium text-error">Nothing was imported</p>
      <ul className="mt-1 grid gap-1 break-words">
        {messages.length === 0 ? <li>{problem.detail ?? problem.title}</li> : messages.map((message) => <li key={message}>{message}</li>)}
      </ul>
    </div>
  );
}

interface ImportedProps {
  slug: string;
  name: string;
  leftOut: readonly string[];
  missingValues: readonly string[];
}

function Imported({ slug, name, leftOut, missingValues }: ImportedProps) {
  return (
    <Card aria-labelledby="imported" className="mt-6 grid gap-4 p-5">
      <div role="status">
        <h2 id="imported" className="text-heading break-words">
          {name} was imported
        </h2>
      </div>
      {missingValues.length > 0 && (
        <Names title="These variables have no value yet. Give it to them in the editor’s settings." names={missingValues} />
      )}
      {leftOut.length > 0 && <Names title="Left out, since it is no part of an app:" names={leftOut} />}
      <div className="flex gap-2">
        <Link to={`/apps/${slug}/edit`} className={buttonVariants()}>
          Open in the editor
        </Link>
      </div>
    </Card>
  );
}

function Names({ title, names }: { title: string; names: readonly string[] }) {
  return (
    <div>
      <p>{title}</p>
      <ul className="mt-1 flex flex-wrap gap-1.5">
        {names.slice(0, 30).map((name) => (
          <li key={name} className="text-code max-w-full rounded-md bg-muted px-2 py-0.5 break-all">
            {name}
          </li>
        ))}
        {names.length > 30 && <li className="px-1 text-muted-foreground">and {names.length - 30} more</li>}
      </ul>
    </div>
  );
}
