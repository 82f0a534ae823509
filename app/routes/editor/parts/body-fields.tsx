/** The body of the request that is sent next, in one of its kinds. What was written in another stays. */
import { PaperclipIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { formatSize } from "../answer-body.ts";
import { bodyKinds, type BodyDraft, type BodyKind, type Part } from "../request-bodies.ts";
import { emptyRow } from "../request-headers.ts";
import { RowList } from "./row-list.tsx";
import { smallInput, smallSelect } from "./small-input.ts";

export interface BodyFieldsProps {
  draft: BodyDraft;
  invalid: boolean;
  /** Where the text is at fault, from 0. A new object is a new fault: the place is shown again. */
  place: { at: number } | null;
  describedBy: string;
  onChange(fields: Partial<BodyDraft>): void;
}

const emptyPart: Part = { ...emptyRow, isFile: false, file: null };

export function BodyFields({ draft, invalid, place, describedBy, onChange }: BodyFieldsProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (place === null || area.current === null) return;
    area.current.focus();
    area.current.setSelectionRange(place.at, place.at + 1);
  }, [place]);
  return (
    <div className="grid gap-1.5">
      <select
        aria-label="Kind of body"
        value={draft.bodyKind}
        onChange={({ target }) => onChange({ bodyKind: target.value as BodyKind })}
        className={`${smallSelect} w-fit`}
      >
        {bodyKinds.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
      {draft.bodyKind === "form" && (
        <RowList label="Field" rows={draft.fields} empty={emptyRow} onChange={(fields) => onChange({ fields })} />
      )}
      {draft.bodyKind === "multipart" && (
        <RowList label="Field" rows={draft.parts} empty={emptyPart} onChange={(parts) => onChange({ parts })} toValue={toPartValue} />
      )}
      {(draft.bodyKind === "json" || draft.bodyKind === "text") && (
        <textarea
          ref={area}
          aria-label="Request body"
          aria-invalid={invalid}
          aria-describedby={describedBy}
          value={draft.text}
          onChange={({ target }) => onChange({ text: target.value })}
          rows={6}
          spellCheck={false}
          placeholder={draft.bodyKind === "json" ? '{ "name": "Ada" }' : ""}
          className={`${smallInput} h-auto py-1.5 leading-5`}
        />
      )}
    </div>
  );
}

function toPartValue(part: Part, label: string, set: (fields: Partial<Part>) => void) {
  return (
    <div className="flex min-w-0 flex-3 gap-1.5">
      <select
        aria-label={`Kind of ${label.toLowerCase()}`}
        value={part.isFile ? "file" : "text"}
        onChange={({ target }) => set({ isFile: target.value === "file" })}
        className={`${smallSelect} shrink-0`}
      >
        <option value="text">Text</option>
        <option value="file">File</option>
      </select>
      {part.isFile ? (
        <FileField part={part} label={label} onChoose={(file) => set({ file })} />
      ) : (
        <input
          aria-label={`${label} value`}
          value={part.value}
          placeholder="Value"
          spellCheck={false}
          onChange={({ target }) => set({ value: target.value })}
          className={smallInput}
        />
      )}
    </div>
  );
}

function FileField({ part: { file }, label, onChoose }: { part: Part; label: string; onChoose(file: NonNullable<Part["file"]>): void }) {
  const words =
    file === null ? "Choose a file" : file.content === null ? `Choose ${file.name} again` : `${file.name}, ${formatSize(file.sizeBytes)}`;
  return (
    <label className="flex h-7 min-w-0 flex-1 cursor-pointer items-center gap-1.5 rounded-md border border-input px-2 text-[13px] hover:bg-accent has-focus-visible:ring-2 has-focus-visible:ring-ring">
      <PaperclipIcon aria-hidden className="size-3.5 shrink-0 text-muted-foreground" />
      <span className="truncate">{words}</span>
      <input
        type="file"
        aria-label={`${label} file`}
        className="sr-only"
        onChange={({ target }) => {
          const chosen = target.files?.[0];
          if (chosen) onChoose({ name: chosen.name, type: chosen.type, sizeBytes: chosen.size, content: chosen });
          // The same file chosen again is a change, too: it may read otherwise now.
          target.value = "";
        }}
      />
    </label>
  );
}
