import { DatabaseIcon } from "lucide-react";
import { Suspense } from "react";
import { Await, Link } from "react-router";
import { Button } from "#app/components/ui/button.tsx";
import { Card, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Skeleton } from "#app/components/ui/skeleton.tsx";
import { plural } from "#app/components/ui/time-words.ts";
import type { App, DatabaseStats } from "#core/contract/app.ts";
import { formatBytes } from "./dashboard-query.ts";

export interface DatabaseCardProps {
  database: App["database"];
  /** Arrives later than the page; null where it could not be read. */
  stats: Promise<DatabaseStats | null> | null;
  slug: string;
}

/** What the app keeps: its database's collections and their sizes. */
export function DatabaseCard({ database, stats, slug }: DatabaseCardProps) {
  return (
    <Card aria-labelledby="database-title">
      <CardHeader>
        <CardTitle id="database-title">Database</CardTitle>
        {database && <span className="text-code text-muted-foreground">{database.name}</span>}
      </CardHeader>
      {database === null ? (
        <EmptyState
          icon={<DatabaseIcon />}
          title="No database"
          className="border-t py-8"
          action={
            <Button size="sm" variant="outline" nativeButton={false} render={<Link to={`/apps/${slug}/edit`} />}>
              Bind one in the editor
            </Button>
          }
        />
      ) : (
        <div className="border-t">
          <Suspense
            fallback={
              <div className="flex flex-col gap-3 px-4 py-3.5">
                <Skeleton className="h-4 w-3/4" />
                <Skeleton className="h-4 w-1/2" />
              </div>
            }
          >
            <Await resolve={stats}>{(loaded) => <Collections stats={loaded} />}</Await>
          </Suspense>
        </div>
      )}
    </Card>
  );
}

function Collections({ stats }: { stats: DatabaseStats | null }) {
  if (stats === null)
    return (
      <p className="px-4 py-3.5 text-muted-foreground">
        The database did not answer. Its data is not affected; load the page again in a moment.
      </p>
    );
  if (stats.collections.length === 0)
    return <p className="px-4 py-3.5 text-muted-foreground">Empty: a collection appears with its first document.</p>;
  return (
    <>
      <ul className="max-h-72 divide-y overflow-y-auto">
        {stats.collections.map(({ name, documents }) => (
          <li key={name} className="flex h-9 items-center justify-between gap-4 px-4">
            <span className="text-code truncate">{name}</span>
            <span className="shrink-0 text-[13px] text-muted-foreground tabular-nums">{plural(documents, "document")}</span>
          </li>
        ))}
      </ul>
      <p className="border-t px-4 py-2 text-[13px] text-muted-foreground tabular-nums">{formatBytes(stats.sizeBytes)} in all</p>
    </>
  );
}
