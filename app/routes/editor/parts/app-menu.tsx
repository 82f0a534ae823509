/** What else can be done with the app: its history, a clone, a ZIP, its dashboard and docs, its end. */
import {
  BookmarkPlusIcon,
  BookOpenIcon,
  CopyPlusIcon,
  DownloadIcon,
  ExternalLinkIcon,
  HistoryIcon,
  LayoutDashboardIcon,
  PackageIcon,
  SettingsIcon,
  Trash2Icon,
} from "lucide-react";
import { useNavigate } from "react-router";
import type { App } from "#core/contract/app.ts";
import type { DeferredMenuProps } from "#app/components/ui/deferred-menu.tsx";
import { Menu, MenuContent, MenuItem, MenuLinkItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { isDirty, useEditorStoreApi } from "#app/stores/editor-store.ts";

export type MenuDialog = "history" | "clone" | "template" | "delete" | "settings" | "packages";

interface AppMenuProps extends DeferredMenuProps {
  app: App;
  onOpen: (dialog: MenuDialog) => void;
}

export function AppMenu({ app, onOpen, trigger, defaultOpen }: AppMenuProps) {
  const navigate = useNavigate();
  const store = useEditorStoreApi();
  return (
    <Menu defaultOpen={defaultOpen}>
      <MenuTrigger render={trigger} />
      <MenuContent align="end">
        <MenuItem onClick={() => onOpen("history")}>
          <HistoryIcon aria-hidden />
          History
        </MenuItem>
        <MenuItem onClick={() => onOpen("settings")}>
          <SettingsIcon aria-hidden />
          Settings
        </MenuItem>
        <MenuItem onClick={() => onOpen("packages")}>
          <PackageIcon aria-hidden />
          Packages
        </MenuItem>
        <MenuItem onClick={() => void navigate(`/apps/${app.slug}`)}>
          <LayoutDashboardIcon aria-hidden />
          Dashboard
        </MenuItem>
        {app.liveVersion !== null && (
          <MenuItem onClick={() => window.open(app.url, "_blank", "noreferrer")}>
            <ExternalLinkIcon aria-hidden />
            Open the app
          </MenuItem>
        )}
        {app.liveVersion !== null && app.framework === "fastapi" && (
          <MenuItem onClick={() => window.open(`${app.url}/docs`, "_blank", "noreferrer")}>
            <BookOpenIcon aria-hidden />
            API docs
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem onClick={() => onOpen("clone")}>
          <CopyPlusIcon aria-hidden />
          Clone…
        </MenuItem>
        <MenuItem onClick={() => onOpen("template")}>
          <BookmarkPlusIcon aria-hidden />
          Save as template…
        </MenuItem>
        <MenuLinkItem
          href={`/api/apps/${app.slug}/export`}
          download
          closeOnClick
          onClick={() => {
            if (isDirty(store.getState()))
              toast({ title: "Exported as it was saved last", description: "Your unsaved changes are not in the ZIP." });
          }}
        >
          <DownloadIcon aria-hidden />
          Export as ZIP
        </MenuLinkItem>
        <MenuItem variant="destructive" onClick={() => onOpen("delete")}>
          <Trash2Icon aria-hidden />
          Delete…
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
