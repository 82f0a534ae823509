/** Matches by file, each with its line; what it would become stands beside it. */
import { XIcon } from "lucide-react";
import type { KeyboardEvent } from "react";
import type { Match } from "#core/search-files.ts";

interface MatchListProps {
  matches: readonly Match[];
  keyOf(match: Match): string;
  onOpen(match: Match): void;
  onLeaveOut(match: Match): void;
}

export function MatchList({ matches, keyOf, onOpen, onLeaveOut }: MatchListProps) {
  const byFile = [...Map.groupBy(matches, ({ file }) => file)];
  return (
    <div className="min-h-0 flex-1 overflow-y-auto pb-2" onKeyDown={moveFocus}>
      {byFile.map(([file, found]) => (
        <section key={file} aria-label={file}>
          <h3 className="flex items-baseline gap-2 px-3 py-1 text-[13px]">
            <span className="min-w-0 truncate font-medium" title={file}>
              {file}
            </span>
            <span className="text-xs text-muted-foreground tabular-nums">{found.length}</span>
          </h3>
          <ul>
            {found.map((match) => (
              <li key={keyOf(match)} className="group relative flex hover:bg-accent/60 focus-within:bg-accent/60">
                <button
                  type="button"
                  data-match
                  aria-label={`Line ${match.line}: ${match.before}${match.text}${match.after}`}
                  onClick={() => onOpen(match)}
                  className="flex min-w-0 flex-1 items-baseline gap-2 py-0.5 pr-2 pl-3 text-left font-mono text-xs leading-5 outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset"
                >
                  <span className="w-7 shrink-0 text-right text-muted-foreground tabular-nums">{match.line}</span>
                  <span className="min-w-0 truncate whitespace-pre">
                    {match.before}
                    <MatchText match={match} />
                    {match.after}
                  </span>
                </button>
                <button
                  type="button"
                  aria-label={`Leave out line ${match.line} of ${file}`}
                  title="Leave out"
                  onClick={() => onLeaveOut(match)}
                  className="absolute right-1 grid size-6 place-items-center rounded bg-accent text-muted-foreground opacity-0 outline-none group-focus-within:opacity-100 group-hover:opacity-100 hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring pointer-coarse:opacity-100"
                >
                  <XIcon aria-hidden className="size-3.5" />
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function MatchText({ match: { text, next } }: { match: Match }) {
  if (next === null) return <mark className="rounded-xs bg-primary/20 text-inherit">{text}</mark>;
  return (
    <>
      <del className="rounded-xs bg-destructive/15 text-destructive">{text}</del>
      <ins className="rounded-xs bg-running/15 text-running no-underline">{next}</ins>
    </>
  );
}

/** Arrow keys go from match to match. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-match]")];
  const next = all[all.indexOf(document.activeElement as HTMLElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
