import type { LastDay } from "#server/requests/index.ts";
import { plural } from "#app/components/ui/time-words.ts";

const step = 4;
const height = 20;

/** An app's last 24 hours in small: requests by the hour, with their errors on top of them. */
export function Sparkline({ day: { requests, errors, hours } }: { day: LastDay }) {
  const most = Math.max(...hours.map(([all]) => all));
  const words = `${plural(requests, "request")} in 24 hours${errors > 0 ? `, ${plural(errors, "error")}` : ""}`;
  // One request is seen too.
  const tall = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * height));
  return (
    <svg role="img" aria-label={words} viewBox={`0 0 ${hours.length * step} ${height}`} className="h-5 w-24">
      <title>{words}</title>
      <rect width={hours.length * step - 1} y={height - 1} height={1} className="fill-border" />
      {hours.map(([all, failed], index) => (
        <g key={index}>
          <rect x={index * step} width={step - 1} y={height - tall(all)} height={tall(all)} className="fill-muted-foreground/50" />
          <rect x={index * step} width={step - 1} y={height - tall(failed)} height={tall(failed)} className="fill-error" />
        </g>
      ))}
    </svg>
  );
}
