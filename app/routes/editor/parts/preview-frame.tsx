/** A page of the app in a frame, with an address bar. It is on another host, so it can reach nothing of the platform's. */
import { ExternalLinkIcon, RotateCwIcon, SmartphoneIcon } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { AddressCheck } from "#app/components/address-check.tsx";
import { Button, buttonVariants } from "#app/components/ui/button.tsx";

interface PreviewFrameProps {
  /** Where its pages are, to see whether this browser finds that. */
  host: string;
  /** Another one loads the page again. */
  version: string;
  addressOf(path: string): string;
  tools?: ReactNode;
  note?: ReactNode;
}

export function PreviewFrame({ host, version, addressOf, tools, note }: PreviewFrameProps) {
  const [path, setPath] = useState("/");
  const [shown, setShown] = useState("/");
  const [reloads, setReloads] = useState(0);
  const [phone, setPhone] = useState(false);
  const go = (event: FormEvent) => {
    event.preventDefault();
    const next = `/${path.replace(/^[/\\]+/, "")}`;
    setPath(next);
    setShown(next);
    setReloads(reloads + 1);
  };
  const address = addressOf(shown);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <form onSubmit={go} aria-label="Preview address" className="flex shrink-0 items-center gap-1 border-b p-1.5">
        <Button type="button" variant="ghost" size="icon-sm" aria-label="Reload" title="Reload" onClick={() => setReloads(reloads + 1)}>
          <RotateCwIcon aria-hidden />
        </Button>
        <input
          aria-label="Path of the page"
          value={path}
          spellCheck={false}
          onChange={({ target }) => setPath(target.value)}
          className="h-7 min-w-0 flex-1 rounded-md border border-input bg-background px-2 font-mono text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring"
        />
        <Button
          type="button"
          variant="ghost"
          size="icon-sm"
          aria-label="Phone width"
          title="Phone width"
          aria-pressed={phone}
          onClick={() => setPhone(!phone)}
          className="aria-pressed:bg-accent"
        >
          <SmartphoneIcon aria-hidden />
        </Button>
        <a
          href={address}
          target="_blank"
          rel="noreferrer"
          aria-label="Open in a new tab"
          title="Open in a new tab"
          className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
        >
          <ExternalLinkIcon aria-hidden />
        </a>
        {tools}
      </form>
      {note}
      <div className="shrink-0 px-3 pb-2 empty:hidden">
        <AddressCheck url={host} />
      </div>
      <div className="min-h-0 flex-1 overflow-auto bg-muted/40">
        {/* A new key is a new frame: that is how it reloads, also after each deployment. */}
        <iframe
          key={`${version} ${reloads}`}
          title="Preview of the app"
          src={address}
          className={`h-full border-0 bg-white ${phone ? "mx-auto block w-[390px] border-x" : "w-full"}`}
        />
      </div>
    </div>
  );
}
