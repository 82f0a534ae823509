/** Every window of the editor, in a chunk of its own that is loaded with the first of them. */
import { useRevalidator } from "react-router";
import { toast } from "#app/components/ui/toast.tsx";
import { applyChanges, changesBetween } from "#app/stores/drafts.ts";
import { isDirty, useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import type { Route } from "../+types/editor.ts";
import type { Renaming } from "../use-rename.ts";
import type { useEditorActions } from "../use-editor-actions.ts";
import type { useUnsaved } from "../use-unsaved.ts";
import type { MenuDialog } from "./app-menu.tsx";
import { ConflictDialog } from "./conflict-dialog.tsx";
import { HistoryDialog } from "./history-dialog.tsx";
import { ImportsDialog } from "./imports-dialog.tsx";
import { CloneDialog, DeleteDialog } from "./manage-dialogs.tsx";
import { PackagesDialog } from "./packages-dialog.tsx";
import { SettingsDrawer } from "./settings-drawer.tsx";
import { TemplateDialog } from "./template-dialog.tsx";

type Loaded = Route.ComponentProps["loaderData"];

interface EditorDialogsProps extends ConflictsProps, Pick<Loaded, "app" | "env" | "databases"> {
  dialog: MenuDialog | null;
  renaming: Renaming;
  /** An import that the packages are opened for. */
  wanted: string;
  onClose(): void;
  onDeleted(): void;
}

export function EditorDialogs(props: EditorDialogsProps) {
  const { app, env, databases, dialog, wanted, actions, unsaved, renaming, onClose, onDeleted } = props;
  const { revalidate } = useRevalidator();
  return (
    <>
      {dialog === "history" && <HistoryDialog slug={app.slug} onClose={onClose} onRollback={(version) => void actions.rollback(version)} />}
      {dialog === "clone" && <CloneDialog app={app} onClose={onClose} />}
      {dialog === "template" && <TemplateDialog app={app} onClose={onClose} />}
      {dialog === "delete" && <DeleteDialog app={app} onClose={onClose} onDeleted={onDeleted} />}
      {dialog === "settings" && (
        <SettingsDrawer
          app={app}
          env={env}
          databases={databases}
          onClose={onClose}
          onSaved={(deploymentId) => {
            onClose();
            actions.follow(deploymentId);
            const restart = "The live version restarts with them beside the running one; no request fails.";
            toast({ title: "Settings saved", ...(deploymentId !== null && { description: restart }), type: "success" });
            void revalidate();
          }}
        />
      )}
      {dialog === "packages" && <PackagesDialog slug={app.slug} wanted={wanted} onClose={onClose} />}
      {renaming.offer !== null && <ImportsDialog offer={renaming.offer} onUpdate={renaming.update} onClose={renaming.leave} />}
      <Conflicts actions={actions} unsaved={unsaved} />
    </>
  );
}

interface ConflictsProps {
  actions: ReturnType<typeof useEditorActions>;
  unsaved: ReturnType<typeof useUnsaved>;
}

/** The two ways to meet a draft that is not the one begun with: a save that came second, and edits left on an older draft. */
function Conflicts({ actions, unsaved }: ConflictsProps) {
  const store = useEditorStoreApi();
  const base = useEditorStore((state) => state.base);
  const files = useEditorStore((state) => state.files);
  if (actions.conflict !== null) {
    const theirs = actions.conflict;
    const resolve = (chosen: typeof files) => {
      store.getState().replace(chosen, theirs);
      actions.setConflict(null);
      if (isDirty(store.getState())) void actions.save();
    };
    return (
      <ConflictDialog
        base={base.files}
        mine={files}
        theirs={theirs.files}
        title="The draft was saved somewhere else"
        description="Since you opened it, in another tab or by the API. Choose for each file which version to keep; closing this keeps your edits unsaved."
        onClose={() => actions.setConflict(null)}
        onResolve={resolve}
      />
    );
  }
  if (unsaved.older === null) return null;
  const mine = applyChanges(base.files, unsaved.older.changes);
  if (Object.keys(changesBetween(base.files, mine)).length === 0) return null;
  return (
    <ConflictDialog
      base={null}
      mine={mine}
      theirs={base.files}
      title="You left unsaved changes"
      description={`From ${new Date(unsaved.older.at).toLocaleString()}, made on an earlier draft. Theirs is what is saved now.`}
      onClose={unsaved.settle}
      onResolve={(chosen) => {
        unsaved.settle();
        store.getState().replace(chosen);
        void actions.save();
      }}
    />
  );
}
