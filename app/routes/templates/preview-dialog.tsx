import { LoaderCircleIcon } from "lucide-react";
import { Link } from "react-router";
import type { TemplateDetail, TemplateView } from "#core/contract/template-view.ts";
import { FileListing } from "#app/components/file-listing.tsx";
import { FormMessage } from "#app/components/form-message.tsx";
import { Button, buttonVariants } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";
import { TemplateFacts } from "./facts.tsx";

/** What is shown of a template before it is used: null while its files come, or why they do not. */
export interface Previewed {
  template: TemplateView;
  detail: TemplateDetail | null;
  failure: string | null;
}

interface PreviewDialogProps {
  previewed: Previewed;
  /** The form that makes the app. */
  form: string;
  onClose(): void;
}

export function PreviewDialog({ previewed: { template, detail, failure }, form, onClose }: PreviewDialogProps) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="max-w-3xl">
        <div className="grid gap-1.5 pr-8">
          <DialogTitle className="wrap-anywhere">{template.name}</DialogTitle>
          <DialogDescription className="wrap-anywhere">
            {template.description === "" ? "It has no description." : template.description}
          </DialogDescription>
          <TemplateFacts template={template} />
        </div>
        <FormMessage>{failure ?? undefined}</FormMessage>
        {detail !== null && <FileListing files={detail.files} entrypoint={detail.entrypoint} className="min-h-48 overflow-auto" />}
        {detail === null && failure === null && (
          <p role="status" className="flex min-h-48 items-center justify-center gap-2 text-muted-foreground">
            <LoaderCircleIcon aria-hidden className="size-4 motion-safe:animate-spin" />
            Reading its files…
          </p>
        )}
        <DialogFooter>
          <Link to={`/templates/${template.id}`} className={buttonVariants({ variant: "outline" })}>
            Open its page
          </Link>
          <Button type="submit" form={form} name="use" value={template.id}>
            Use this template
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
