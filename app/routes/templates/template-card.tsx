import { EyeIcon, PencilIcon, ZapIcon } from "lucide-react";
import type { MouseEvent, ReactNode } from "react";
import { Link } from "react-router";
import type { TemplateView } from "#core/contract/template-view.ts";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { cn } from "#app/components/ui/cn.ts";
import { TemplateFacts } from "./facts.tsx";
import { toGalleryPath, type GalleryQuery } from "./gallery-query.ts";

const small = cn(buttonVariants({ variant: "ghost", size: "sm" }), "scroll-mt-40 text-muted-foreground");

interface TemplateCardProps {
  template: TemplateView;
  checked: boolean;
  editable: boolean;
  query: GalleryQuery;
  onPick(): void;
  onPreview(): void;
}

/** One template to pick, to look at, or to start from at once. What is hidden is dimmed. */
export function TemplateCard({ template, checked, editable, query, onPick, onPreview }: TemplateCardProps) {
  const { id, name, description, tags, hidden } = template;
  const preview = (event: MouseEvent) => {
    // A new tab or window is the browser's to open.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onPreview();
  };
  return (
    <Frame dimmed={hidden}>
      <Choice value={id} name={name} description={description} checked={checked} onPick={onPick}>
        <TemplateFacts template={template} />
      </Choice>
      <div className="flex flex-wrap items-center gap-x-1 gap-y-1 px-4 pb-3 pl-11">
        {tags.length > 0 && (
          <ul aria-label={`Tags of ${name}`} className="mr-auto flex min-w-0 flex-wrap gap-x-2 text-xs">
            {tags.map((tag) => (
              <li key={tag}>
                <Link
                  to={toGalleryPath(query, { tag })}
                  preventScrollReset
                  className="inline-block scroll-mt-40 rounded-sm py-1 text-muted-foreground outline-none hover:text-foreground hover:underline focus-visible:ring-2 focus-visible:ring-ring"
                >
                  #{tag}
                </Link>
              </li>
            ))}
          </ul>
        )}
        <div className="-mr-2 ml-auto flex shrink-0">
          {editable && (
            <Link to={`/templates/${id}`} aria-label={`Edit ${name}`} className={small}>
              <PencilIcon aria-hidden />
              Edit
            </Link>
          )}
          <Link to={`/templates/${id}`} onClick={preview} aria-label={`Preview ${name}`} className={small}>
            <EyeIcon aria-hidden />
            Preview
          </Link>
          <button type="submit" name="use" value={id} aria-label={`Use ${name}`} className={cn(small, "text-primary")}>
            <ZapIcon aria-hidden />
            Use
          </button>
        </div>
      </div>
    </Frame>
  );
}

/** The start without a template. */
export function ScratchCard({ checked, onPick }: { checked: boolean; onPick(): void }) {
  return (
    <Frame dimmed={false}>
      <Choice value="" name="Start from scratch" description="One file, app.py, with a single route." checked={checked} onPick={onPick} />
    </Frame>
  );
}

function Frame({ dimmed, children }: { dimmed: boolean; children: ReactNode }) {
  return (
    <div
      className={cn(
        "flex flex-col rounded-lg border bg-card transition-colors hover:border-input has-[input:checked]:border-primary has-[input:checked]:bg-primary/5 has-[input:focus-visible]:ring-2 has-[input:focus-visible]:ring-ring",
        dimmed && "border-dashed bg-muted/60 text-muted-foreground",
      )}
    >
      {children}
    </div>
  );
}

interface ChoiceProps {
  value: string;
  name: string;
  description: string;
  checked: boolean;
  onPick(): void;
  children?: ReactNode;
}

function Choice({ value, name, description, checked, onPick, children }: ChoiceProps) {
  return (
    <label className="flex flex-1 cursor-pointer gap-3 p-4 pb-2">
      <input
        type="radio"
        name="template"
        value={value}
        checked={checked}
        onChange={onPick}
        className="mt-1 size-4 shrink-0 scroll-mt-40 accent-primary"
      />
      <span className="grid min-w-0 content-start gap-1">
        <span className="font-medium wrap-anywhere">{name}</span>
        <span className="text-[13px] wrap-anywhere text-muted-foreground">{description}</span>
        {children}
      </span>
    </label>
  );
}
