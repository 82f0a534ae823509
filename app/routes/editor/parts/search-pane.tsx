/** Search and replace over all files: what would change is shown before it does, and any of it can be left out. */
import { ALargeSmallIcon, RegexIcon, ReplaceAllIcon, ReplaceIcon, WholeWordIcon, XIcon } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { cn } from "#app/components/ui/cn.ts";
import { inputClasses } from "#app/components/ui/input.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { undoChanges } from "#app/stores/drafts.ts";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { replaceMatches, type Found, type Match } from "#core/search-files.ts";
import { useSearch } from "../search/use-search.ts";
import { MatchList } from "./match-list.tsx";

const fieldClasses = cn(inputClasses, "h-8 bg-background px-2 font-mono text-[13px]");
const toggles = [
  { key: "matchCase", label: "Match case", Icon: ALargeSmallIcon },
  { key: "wholeWord", label: "Whole words", Icon: WholeWordIcon },
  { key: "isRegex", label: "Regular expression", Icon: RegexIcon },
] as const;
const keyOf = ({ file, line, column }: Match): string => `${file}:${line}:${column}`;

export function SearchPane() {
  const store = useEditorStoreApi();
  const asked = useEditorStore((state) => state.searchAsked);
  const query = useEditorStore((state) => state.search);
  const { found, failure } = useSearch();
  const setQuery = store.getState().setSearch;
  const field = useRef<HTMLInputElement>(null);
  // Kept while the same is searched for; another search shows everything.
  const [left, setLeft] = useState<{ of: string; keys: ReadonlySet<string> }>({ of: "", keys: new Set() });
  const of = JSON.stringify({ ...query, replacement: null });
  const leftOut = left.of === of ? left.keys : new Set<string>();
  const matches = found?.matches.filter((match) => !leftOut.has(keyOf(match))) ?? [];

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [asked]);

  const replace = () => {
    const before = store.getState().files;
    const after = replaceMatches(before, matches);
    store.getState().replace(after);
    toast({
      title: `Replaced ${countWords(matches)}`,
      action: { label: "Undo", onClick: () => store.getState().replace(undoChanges(store.getState().files, before, after)) },
    });
  };

  return (
    <search
      aria-label="All files"
      className="flex h-full min-h-0 flex-col bg-muted/40"
      onKeyDown={(event) => event.key === "Escape" && store.getState().showFiles()}
    >
      <div className="flex h-9 shrink-0 items-center justify-between border-b pr-1 pl-3">
        <h2 className="text-xs font-medium text-muted-foreground">Search</h2>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Back to the files"
          title="Back to the files"
          onClick={() => store.getState().showFiles()}
        >
          <XIcon aria-hidden />
        </Button>
      </div>
      <div className="grid shrink-0 gap-1.5 border-b p-2">
        <input
          ref={field}
          type="search"
          aria-label="Search all files"
          placeholder="Search"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          aria-invalid={failure !== null}
          value={query.text}
          onChange={({ target }) => setQuery({ text: target.value })}
          className={fieldClasses}
        />
        {query.replacement !== null && (
          <div className="flex gap-1.5">
            <input
              aria-label="Replace with"
              placeholder="Replace with nothing"
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              value={query.replacement}
              onChange={({ target }) => setQuery({ replacement: target.value })}
              className={fieldClasses}
            />
            <Button
              variant="outline"
              size="icon-sm"
              className="size-8 shrink-0"
              aria-label={`Replace all ${matches.length}`}
              title="Replace all"
              disabled={matches.length === 0 || !found?.isFresh || found.isCut}
              onClick={replace}
            >
              <ReplaceAllIcon aria-hidden />
            </Button>
          </div>
        )}
        <div className="flex items-center gap-0.5">
          {toggles.map(({ key, label, Icon }) => (
            <Toggle key={key} label={label} pressed={query[key]} onPress={() => setQuery({ [key]: !query[key] })}>
              <Icon aria-hidden className="size-4" />
            </Toggle>
          ))}
          <span className="ml-auto">
            <Toggle
              label="Replace"
              pressed={query.replacement !== null}
              onPress={() => setQuery({ replacement: query.replacement === null ? "" : null })}
            >
              <ReplaceIcon aria-hidden className="size-4" />
            </Toggle>
          </span>
        </div>
      </div>
      <p role="status" className={`shrink-0 px-3 py-1.5 text-xs ${failure === null ? "text-muted-foreground" : "text-destructive"}`}>
        {failure ?? (found === null ? "" : tell(found, matches, query.replacement !== null))}
      </p>
      <MatchList
        matches={matches}
        keyOf={keyOf}
        onOpen={({ file, line, column }) => store.getState().goTo({ file, line, column })}
        onLeaveOut={(match) => setLeft({ of, keys: new Set([...leftOut, keyOf(match)]) })}
      />
    </search>
  );
}

interface ToggleProps {
  label: string;
  pressed: boolean;
  onPress(): void;
  children: ReactNode;
}

function Toggle({ label, pressed, onPress, children }: ToggleProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      onClick={onPress}
      className="grid size-7 place-items-center rounded-md text-muted-foreground outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring aria-pressed:bg-primary/12 aria-pressed:text-foreground"
    >
      {children}
    </button>
  );
}

function countWords(matches: readonly Match[]): string {
  const files = new Set(matches.map(({ file }) => file)).size;
  return `${matches.length} in ${files === 1 ? "one file" : `${files} files`}`;
}

function tell(found: Found, matches: readonly Match[], replaces: boolean): string {
  if (found.matches.length === 0) return "Nothing found";
  if (matches.length === 0) return "All left out";
  if (!found.isCut) return countWords(matches);
  return `The first ${countWords(matches)}${replaces ? ": too many to replace at once" : ""}`;
}
