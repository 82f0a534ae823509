import { AppWindowIcon, ArrowRightIcon, ExternalLinkIcon, SearchIcon } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { useFetcher, useLocation, useNavigate, useParams } from "react-router";
import { isLanguageServerOn, turnLanguageServer } from "#app/stores/language-preference.ts";
import { matchCommands, toCommands, toEditorCommands, type Command } from "./commands.ts";
import { setCommandWindow } from "./command-state.ts";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "./ui/dialog.tsx";
import { Kbd } from "./ui/kbd.tsx";

/** What `/palette` answers. */
interface PaletteApps {
  apps: { slug: string; name: string; url: string }[];
}

const close = () => setCommandWindow(null);

/** Everything by name: type, arrows, Enter. The search field keeps the focus; the list follows it (a combobox to readers). */
export function CommandPalette() {
  const apps = useFetcher<PaletteApps>({ key: "palette" });
  const { load } = apps;
  const navigate = useNavigate();
  const { slug } = useParams();
  const inEditor = useLocation().pathname.endsWith("/edit");
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void load("/palette"), [load]);
  const done = inEditor ? toEditorCommands(isLanguageServerOn(), turnLanguageServer) : [];
  const found = matchCommands([...toCommands(apps.data?.apps ?? [], slug), ...done], query);
  const at = Math.min(chosen, found.length - 1);
  // Newer browsers answer a promise, which React would take for a clean-up and call.
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    if (command.run) command.run();
    else if (command.external) window.open(command.to, "_blank", "noopener");
    else void navigate(command.to);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      setChosen((at + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(found[at]);
    }
  };

  return (
    <Dialog open onOpenChange={(open) => !open && close()}>
      <DialogContent className="top-[12vh] max-w-xl translate-y-0 gap-0 overflow-hidden p-0">
        <DialogTitle className="sr-only">Go to</DialogTitle>
        <DialogDescription className="sr-only">Type a name, choose with the arrow keys, open with Enter.</DialogDescription>
        <div className="flex items-center gap-2.5 border-b pr-14 pl-4">
          <SearchIcon aria-hidden className="size-4 shrink-0 text-muted-foreground" />
          <input
            role="combobox"
            aria-expanded="true"
            aria-controls={listId}
            aria-activedescendant={found[at] ? `${listId}-${at}` : undefined}
            aria-label="App or action"
            autoComplete="off"
            spellCheck={false}
            placeholder="App or action"
            value={query}
            onChange={({ target }) => (setQuery(target.value), setChosen(0))}
            onKeyDown={onKey}
            className="h-13 min-w-0 flex-1 bg-transparent text-[15px] outline-none placeholder:text-muted-foreground"
          />
        </div>
        <div ref={list} id={listId} role="listbox" aria-label="Results" className="max-h-[50vh] min-h-40 overflow-y-auto p-1.5">
          {found.map((command, index) => (
            <Row
              key={command.id}
              id={`${listId}-${index}`}
              command={command}
              selected={index === at}
              onHover={() => setChosen(index)}
              onRun={() => run(command)}
            />
          ))}
          {found.length === 0 && (
            <p role="presentation" className="px-3 py-10 text-center text-muted-foreground">
              {apps.state === "loading" ? "Loading your apps…" : `Nothing is called “${query}”.`}
            </p>
          )}
        </div>
        <div className="hidden items-center gap-4 border-t bg-muted/40 px-4 py-2 text-xs text-muted-foreground sm:flex">
          <span className="flex items-center gap-1">
            <Kbd>↑</Kbd>
            <Kbd>↓</Kbd> choose
          </span>
          <span className="flex items-center gap-1">
            <Kbd>Enter</Kbd> open
          </span>
          <span className="flex items-center gap-1">
            <Kbd>Esc</Kbd> close
          </span>
        </div>
      </DialogContent>
    </Dialog>
  );
}

function Row({
  id,
  command,
  selected,
  onHover,
  onRun,
}: {
  id: string;
  command: Command;
  selected: boolean;
  onHover: () => void;
  onRun: () => void;
}) {
  const Icon = command.external ? ExternalLinkIcon : command.group === "Apps" ? AppWindowIcon : ArrowRightIcon;
  return (
    // The keys are the search field's, which keeps the focus.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      onMouseMove={onHover}
      onClick={onRun}
      className="flex h-9 cursor-default items-center gap-2.5 rounded-md px-2.5 aria-selected:bg-accent"
    >
      <Icon aria-hidden className="size-4 shrink-0 text-muted-foreground" />
      <span className="max-w-3/4 shrink-0 truncate">{command.label}</span>
      <span className="ml-auto truncate pl-4 text-[13px] text-muted-foreground">{command.detail}</span>
    </div>
  );
}
