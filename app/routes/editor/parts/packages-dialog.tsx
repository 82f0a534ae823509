/** Packages that an app can import, with their versions; what is not among them can be asked for. */
import { SearchIcon } from "lucide-react";
import { useState } from "react";
import type { ImportRequest } from "#core/contract/import-request.ts";
import { nearest } from "#core/python/nearest.ts";
import { Badge } from "#app/components/ui/badge.tsx";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "#app/components/ui/dialog.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { call, wordsOf } from "../call.ts";
import { useLoaded } from "../use-loaded.ts";
import { MissingPackage } from "./missing-package.tsx";
import { PanelNote } from "./panel-note.tsx";

interface Importable {
  pythonVersion: string;
  builtIn: { name: string; version: string; imports: string[] }[];
  allowed: string[];
  /** Modules of the standard library. */
  standard: string[];
  requests: ImportRequest[];
  isAdmin: boolean;
}

interface PackagesDialogProps {
  slug: string;
  /** What is looked for when it opens, such as an import that was not found. */
  wanted: string;
  onClose(): void;
}

export function PackagesDialog({ slug, wanted, onClose }: PackagesDialogProps) {
  const path = `/apps/${slug}/edit/packages`;
  const [loaded, setLoaded] = useLoaded<Importable>(path);
  const [query, setQuery] = useState(wanted);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="grid h-[min(40rem,90dvh)] w-[min(40rem,calc(100vw-2rem))] max-w-none grid-rows-[auto_auto_minmax(0,1fr)] gap-3">
        <div className="grid gap-1.5">
          <DialogTitle>Packages</DialogTitle>
          <DialogDescription>What your code can import, beside Python’s standard library and your own files.</DialogDescription>
        </div>
        <div className="relative">
          <SearchIcon aria-hidden className="absolute top-2.5 left-3 size-4 text-muted-foreground" />
          <Input
            type="search"
            aria-label="Search packages"
            placeholder="Name or import"
            value={query}
            onChange={({ target }) => setQuery(target.value)}
            spellCheck={false}
            autoComplete="off"
            className="pl-9"
          />
        </div>
        <div className="min-h-0 overflow-y-auto rounded-md border" tabIndex={0} role="region" aria-label="Found packages">
          {loaded.state === "loading" && <PanelNote title="Loading the packages…" />}
          {loaded.state === "failed" && <PanelNote title="The packages could not be loaded" text={loaded.message} />}
          {loaded.state === "loaded" && (
            <Found
              importable={loaded.value}
              query={query.trim()}
              onQuery={setQuery}
              ask={async (name) => {
                const answer = await call<ImportRequest>(path, { import: name });
                if (!answer.ok) return wordsOf(answer.problem);
                const requests = [answer.value, ...loaded.value.requests.filter(({ id }) => id !== answer.value.id)];
                setLoaded({ state: "loaded", value: { ...loaded.value, requests } });
                return null;
              }}
            />
          )}
        </div>
      </DialogContent>
    </Dialog>
  );
}

interface FoundProps {
  importable: Importable;
  query: string;
  onQuery(query: string): void;
  ask(name: string): Promise<string | null>;
}

function Found({ importable, query, onQuery, ask }: FoundProps) {
  const word = query.toLowerCase();
  const rows = [...importable.allowed.map((name) => ({ name, version: null, imports: [name] })), ...importable.builtIn].filter(
    ({ name, imports }) => [name, ...imports].some((each) => each.toLowerCase().includes(word)),
  );
  const name = query.split(".")[0]!;
  const isStandard = importable.standard.includes(name);
  const isThere = [...importable.allowed, ...importable.builtIn.flatMap(({ imports }) => imports)].some(
    (each) => each.split(".")[0] === name,
  );
  return (
    <>
      {isStandard && (
        <p role="status" className="border-b bg-muted/40 px-3 py-3 text-[13px]">
          <code className="text-code break-all">{name}</code> is part of Python’s standard library: import it as it is.
        </p>
      )}
      {!isThere && !isStandard && /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) && (
        <MissingPackage
          key={name}
          name={name}
          near={
            rows.length > 0
              ? null
              : nearest(name, [...importable.builtIn.flatMap((each) => [each.name, ...each.imports]), ...importable.standard])
          }
          request={importable.requests.find((each) => each.import === name)}
          isAdmin={importable.isAdmin}
          onQuery={onQuery}
          ask={ask}
        />
      )}
      <ul className="divide-y" aria-label="Packages">
        {rows.map(({ name: title, version, imports }) => (
          <li key={`${title} ${version}`} className="flex items-baseline gap-3 px-3 py-2 text-[13px]">
            <span className="min-w-0 flex-1">
              <span className="font-medium break-all">{title}</span>
              <span className="block font-mono text-xs break-all text-muted-foreground">import {imports.join(", ")}</span>
            </span>
            {version === null ? <Badge variant="outline">allowed here</Badge> : <span className="text-code tabular-nums">{version}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
