/** How far the copy of the live database is, and the way to end it. */
import type { DatabaseCopy } from "#core/contract/draft.ts";
import { Button } from "#app/components/ui/button.tsx";

export function DraftCopy({ copy: { documents, totalDocuments, collection }, onCancel }: { copy: DatabaseCopy; onCancel(): void }) {
  const words = `${documents.toLocaleString("en")} of about ${totalDocuments.toLocaleString("en")} documents`;
  return (
    <div className="mx-auto grid max-w-sm gap-3 p-6 text-[13px]">
      <h3 className="font-medium">Copying the live database</h3>
      <div
        role="progressbar"
        aria-label="Copying the live database"
        aria-valuemin={0}
        aria-valuemax={Math.max(1, totalDocuments)}
        aria-valuenow={documents}
        aria-valuetext={words}
        className="h-1.5 overflow-hidden rounded-full bg-muted"
      >
        <div className="h-full bg-primary" style={{ width: `${(100 * documents) / Math.max(1, totalDocuments)}%` }} />
      </div>
      <p className="text-muted-foreground">
        {words}
        {collection !== "" && `, now in ${collection}`}. Live goes on serving; the copy takes its time so that live keeps its own.
      </p>
      <div>
        <Button variant="outline" size="sm" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
