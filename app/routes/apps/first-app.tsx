import { ArrowRightIcon, DatabaseIcon, FileCode2Icon, UploadIcon } from "lucide-react";
import { Form, Link } from "react-router";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Badge } from "#app/components/ui/badge.tsx";
import type { TemplateView } from "#core/contract/template-view.ts";

/** A list without apps: each template is one press away from the editor. */
export function FirstApp({ templates }: { templates: readonly TemplateView[] }) {
  return (
    <div className="mx-auto max-w-4xl py-6 sm:py-12">
      <h1 className="text-title">Make your first app</h1>
      <p className="mt-1 max-w-[60ch] text-muted-foreground">
        Start from something that works and change it. Deploying takes a second, and every app can have a database.
      </p>
      <ul className="mt-6 grid gap-3 sm:grid-cols-3">
        {templates.map((template) => (
          <li key={template.id}>
            <Form method="post" action="/apps" className="h-full">
              <input type="hidden" name="intent" value="create" />
              <input type="hidden" name="name" value={template.name} />
              <button
                type="submit"
                name="template"
                value={template.id}
                className="group flex h-full w-full flex-col items-start rounded-xl border bg-card p-4 text-left transition-colors outline-none hover:border-ring/60 hover:bg-accent/40 focus-visible:ring-2 focus-visible:ring-ring"
              >
                <span className="flex w-full items-center justify-between gap-2 font-medium">
                  {template.name}
                  <ArrowRightIcon aria-hidden className="size-4 text-muted-foreground transition-transform group-hover:translate-x-0.5" />
                </span>
                <span className="mt-1 mb-4 text-[13px] text-muted-foreground">{template.description}</span>
                <span className="mt-auto flex gap-1.5">
                  <Badge variant="outline">{template.framework ?? "python"}</Badge>
                  {template.database && (
                    <Badge variant="outline">
                      <DatabaseIcon aria-hidden />
                      database
                    </Badge>
                  )}
                </span>
              </button>
            </Form>
          </li>
        ))}
      </ul>
      <Form method="post" action="/apps" className="mt-4 flex flex-wrap gap-2">
        <input type="hidden" name="name" value="My app" />
        <button type="submit" name="intent" value="create" className={buttonVariants({ variant: "outline" })}>
          <FileCode2Icon aria-hidden />
          Start from scratch
        </button>
        <Link to="/apps/import" className={buttonVariants({ variant: "outline" })}>
          <UploadIcon aria-hidden />
          Import a ZIP
        </Link>
      </Form>
    </div>
  );
}
