/** What the editor can be told to do: save, deploy, run the draft, roll back. Each ends in words for the person, never in a lost buffer. */
import { useCallback, useState } from "react";
import { useRevalidator } from "react-router";
import type { Files } from "#core/contract/files.ts";
import { useDeployStoreApi } from "#app/stores/deploy-store.ts";
import { isDirty, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { forgetUnsaved } from "#app/stores/unsaved.ts";
import { call, sourceProblemsOf, wordsOf, type Failure } from "./call.ts";
import { toast } from "#app/components/ui/toast.tsx";

/** The draft that is saved, where it is not the one this editor began with. */
export interface Conflict {
  hash: string;
  files: Files;
}

export interface EditorActions {
  busy: "saving" | "deploying" | "running" | null;
  conflict: Conflict | null;
  setConflict(conflict: Conflict | null): void;
  /** Saves the buffers; true when they are saved (or were). */
  save(): Promise<boolean>;
  deploy(): Promise<void>;
  /** Saves, and serves the draft on its own host; what is tried is the draft from then on. */
  runDraft(): Promise<void>;
  rollback(version: number): Promise<void>;
  /** Follows a deployment that something else began; none is null. */
  follow(deploymentId: string | null): void;
}

export function useEditorActions(appId: string, slug: string): EditorActions {
  const editor = useEditorStoreApi();
  const deploys = useDeployStoreApi();
  const { revalidate } = useRevalidator();
  const [busy, setBusy] = useState<EditorActions["busy"]>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);

  const refuse = useCallback(
    (failure: Failure, files: Files) => {
      const problems = sourceProblemsOf(failure.problem);
      if (problems.length === 0) return toast({ title: wordsOf(failure.problem), type: "error" });
      deploys.getState().refuse(wordsOf(failure.problem), problems, files);
      const first = problems.find(({ severity }) => severity === "error") ?? problems[0]!;
      editor.getState().showBottom("problems");
      editor.getState().goTo(first);
    },
    [deploys, editor],
  );

  const saveNow = useCallback(async () => {
    const { base, files } = editor.getState();
    if (!isDirty({ base, files })) return true;
    const answer = await call<{ draftHash: string }>(`/apps/${slug}/edit/draft`, { files, baseHash: base.hash });
    if (answer.ok) {
      forgetUnsaved(localStorage, appId, base.hash);
      editor.getState().saved(answer.value.draftHash, files);
      return true;
    }
    const current = answer.document["current"] as Conflict | undefined;
    if (answer.problem.code === "draft_changed" && current !== undefined) setConflict(current);
    else refuse(answer, files);
    return false;
  }, [appId, editor, refuse, slug]);

  const save = useCallback(async () => {
    setBusy("saving");
    const saved = await saveNow();
    setBusy(null);
    return saved;
  }, [saveNow]);

  const follow = useCallback(
    (deploymentId: string | null) => {
      if (deploymentId === null) return;
      deploys.getState().begin(deploymentId, null);
      editor.getState().showBottom("deploy");
    },
    [deploys, editor],
  );

  const begin = useCallback(
    async (kind: "deploy" | "draft", path: string, body: object) => {
      const { current } = deploys.getState();
      if (current?.state === "running") return editor.getState().showBottom("deploy");
      setBusy(kind === "deploy" ? "deploying" : "running");
      if (await saveNow()) {
        const { files } = editor.getState();
        const answer = await call<{ deploymentId: string }>(`/apps/${slug}/edit/${path}`, body);
        if (answer.ok) {
          deploys.getState().begin(answer.value.deploymentId, files, kind);
          editor.getState().setTarget(kind === "deploy" ? "live" : "draft");
          editor.getState().showBottom("deploy");
        } else refuse(answer, files);
      }
      setBusy(null);
    },
    [deploys, editor, refuse, saveNow, slug],
  );
  const deploy = useCallback(() => begin("deploy", "deploy", {}), [begin]);
  const runDraft = useCallback(() => begin("draft", "draft-host", { intent: "run" }), [begin]);

  const rollback = useCallback(
    async (version: number) => {
      const answer = await call<{ deploymentId: string }>(`/apps/${slug}/edit/versions`, { version });
      if (!answer.ok) return toast({ title: wordsOf(answer.problem), type: "error" });
      deploys.getState().begin(answer.value.deploymentId, null, "rollback");
      editor.getState().showBottom("deploy");
      void revalidate();
    },
    [deploys, editor, revalidate, slug],
  );

  return { busy, conflict, setConflict, save, deploy, runDraft, rollback, follow };
}
