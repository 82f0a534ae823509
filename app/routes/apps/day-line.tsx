import { formatMs } from "#app/components/format-ms.ts";
import { plural } from "#app/components/ui/time-words.ts";

/** What all of a person's apps answered in 24 hours, in a line. */
export function DayLine({ day: { requests, errors, p95Ms } }: { day: { requests: number; errors: number; p95Ms: number | null } }) {
  return (
    <p className="text-[13px] text-muted-foreground tabular-nums max-sm:hidden">
      24 h: {plural(requests, "request")}
      {errors > 0 && <span className="text-error"> · {plural(errors, "error")}</span>}
      {p95Ms !== null && <> · p95 {formatMs(p95Ms)}</>}
    </p>
  );
}
