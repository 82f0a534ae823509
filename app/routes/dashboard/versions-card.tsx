import { HistoryIcon } from "lucide-react";
import { Form, Link, useNavigation } from "react-router";
import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Card, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import type { Version } from "#core/contract/deployment.ts";

/** What was live, newest first; one press makes an older one live again. */
export function VersionsCard({ versions, slug }: { versions: readonly Version[]; slug: string }) {
  const pending = useNavigation().formData?.get("version");
  return (
    <Card aria-labelledby="versions-title">
      <CardHeader>
        <CardTitle id="versions-title">Versions</CardTitle>
      </CardHeader>
      {versions.length === 0 ? (
        <EmptyState
          icon={<HistoryIcon />}
          title="Nothing was live yet"
          className="border-t py-8"
          action={
            <Button size="sm" variant="outline" nativeButton={false} render={<Link to={`/apps/${slug}/edit`} />}>
              Open the editor
            </Button>
          }
        />
      ) : (
        <ol className="max-h-96 divide-y overflow-y-auto border-t">
          {versions.map((version) => (
            <li key={version.number} className="flex min-h-12 items-center gap-3 px-4 py-2">
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-2">
                  <span className="font-medium tabular-nums">Version {version.number}</span>
                  {version.live && <Badge variant="running">Live</Badge>}
                </p>
                <p className="truncate text-[13px] text-muted-foreground" title={version.message}>
                  <RelativeTime at={version.createdAt} /> by {version.author}
                  {version.message !== "" && ` · ${version.message}`}
                </p>
              </div>
              {!version.live && (
                <Form method="post" preventScrollReset>
                  <input type="hidden" name="intent" value="rollback" />
                  <Button
                    type="submit"
                    name="version"
                    value={String(version.number)}
                    size="sm"
                    variant="outline"
                    aria-label={`Roll back to version ${version.number}`}
                    aria-disabled={pending === String(version.number)}
                  >
                    {pending === String(version.number) ? "Rolling back…" : "Roll back"}
                  </Button>
                </Form>
              )}
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
