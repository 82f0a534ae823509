/** Two answers held against each other: status, times, headers that differ, and the bodies as a diff. */
import { formatMs } from "#app/components/format-ms.ts";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "#app/components/ui/dialog.tsx";
import { formatSize } from "../answer-body.ts";
import { compareHeaders, toComparable } from "../compare-answers.ts";
import type { Sent } from "../sent-history.ts";
import { FileDiff } from "./file-diff.tsx";
import { statusTone } from "./sent-list.tsx";

interface CompareDialogProps {
  before: Sent;
  after: Sent;
  onClose(): void;
}

export function CompareDialog({ before, after, onClose }: CompareDialogProps) {
  const [old, young] = [before.answer, after.answer];
  if (old === null || young === null) return null;
  const headers = compareHeaders(old.headers, young.headers);
  const [left, right] = [toComparable(old), toComparable(young)];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="grid h-[min(44rem,90dvh)] w-[min(72rem,calc(100vw-2rem))] max-w-none grid-rows-[auto_auto_minmax(0,1fr)] gap-3">
        <div className="grid gap-1.5">
          <DialogTitle>Two answers</DialogTitle>
          <DialogDescription>The earlier one is on the left.</DialogDescription>
        </div>
        <div role="region" aria-label="Heads" tabIndex={0} className="max-h-[35dvh] overflow-auto rounded-md border">
          <table className="w-full text-left text-[13px]">
            <thead className="text-xs text-muted-foreground">
              <tr>
                <td className="w-20 px-3 py-1.5 sm:w-36" />
                {[before, after].map(({ at, request }) => (
                  <th key={at} scope="col" className="px-3 py-1.5 font-mono font-normal break-all">
                    {request.method} {request.path} at {new Date(at).toLocaleTimeString()}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              <Line name="Status" differs={old.status !== young.status}>
                <span className={statusTone(old.status)}>{old.status}</span>
                <span className={statusTone(young.status)}>{young.status}</span>
              </Line>
              <Line name="Time" differs={false}>
                <>{timeOf(old)}</>
                <>{timeOf(young)}</>
              </Line>
              <Line name="Body" differs={old.sizeBytes !== young.sizeBytes}>
                <>{formatSize(old.sizeBytes)}</>
                <>{formatSize(young.sizeBytes)}</>
              </Line>
              {headers.map(({ name, before: was, after: is }) => (
                <Line key={name} name={name} differs>
                  <>{was ?? "not there"}</>
                  <>{is ?? "not there"}</>
                </Line>
              ))}
            </tbody>
          </table>
          {headers.length === 0 && <p className="px-3 py-1.5 text-xs text-muted-foreground">All headers are the same.</p>}
        </div>
        <div className="min-h-0 overflow-hidden rounded-md border">
          {left.text === null || right.text === null ? (
            <p className="p-4 text-[13px] text-muted-foreground">A body that is not text cannot be compared.</p>
          ) : left.text === right.text ? (
            <p className="p-4 text-[13px] text-muted-foreground">
              The bodies are the same{old.cut || young.cut ? ", as far as they were kept" : ""}.
            </p>
          ) : (
            <FileDiff path={right.path} before={left.text} after={right.text} />
          )}
        </div>
      </DialogContent>
    </Dialog>
  );
}

const timeOf = ({ latencyMs, coldStartMs }: { latencyMs: number; coldStartMs?: number | undefined }): string =>
  coldStartMs === undefined
    ? formatMs(latencyMs)
    : `${formatMs(Math.max(0, latencyMs - coldStartMs))} and a cold start of ${formatMs(coldStartMs)}`;

function Line({ name, differs, children: [was, is] }: { name: string; differs: boolean; children: [React.ReactNode, React.ReactNode] }) {
  const tone = differs ? "bg-deploying/8" : "";
  return (
    <tr className="border-t align-top">
      <th scope="row" className="px-3 py-1 font-normal break-words text-muted-foreground">
        {name}
        {differs && <span className="sr-only"> differs</span>}
      </th>
      <td className={`px-3 py-1 font-mono text-xs leading-5 break-all ${tone}`}>{was}</td>
      <td className={`px-3 py-1 font-mono text-xs leading-5 break-all ${tone}`}>{is}</td>
    </tr>
  );
}
