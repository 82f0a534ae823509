import { setCommandWindow } from "./command-state.ts";
import { Dialog, DialogContent, DialogDescription, DialogHeader, DialogTitle } from "./ui/dialog.tsx";
import { Kbd } from "./ui/kbd.tsx";

const groups = [
  {
    title: "Everywhere",
    rows: [
      ["Go to an app or an action", "Ctrl", "K"],
      ["Search on this page", "/"],
      ["This list", "?"],
    ],
  },
  {
    title: "Editor",
    rows: [
      ["Deploy", "Ctrl", "Enter"],
      ["Save", "Ctrl", "S"],
      ["Search all files", "Ctrl", "Shift", "F"],
      ["Rename the selected file", "F2"],
      ["Delete the selected file", "Delete"],
    ],
  },
] as const;

/** Every shortcut, under `?`. */
export function ShortcutList() {
  return (
    <Dialog open onOpenChange={(open) => !open && setCommandWindow(null)}>
      <DialogContent className="max-w-md">
        <DialogHeader>
          <DialogTitle>Keyboard shortcuts</DialogTitle>
          <DialogDescription>On a Mac, Cmd stands for Ctrl.</DialogDescription>
        </DialogHeader>
        {groups.map(({ title, rows }) => (
          <section key={title} aria-label={title}>
            <h3 className="mb-1 text-xs font-medium text-muted-foreground">{title}</h3>
            <dl>
              {rows.map(([what, ...keys]) => (
                <div key={what} className="flex h-8 items-center justify-between gap-4">
                  <dt>{what}</dt>
                  <dd className="flex gap-1">
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </DialogContent>
    </Dialog>
  );
}
