import { CircleAlertIcon } from "lucide-react";

/** Why a form as a whole was refused. */
export function FormMessage({ children }: { children: string | undefined }) {
  if (children === undefined) return null;
  return (
    <p role="alert" className="flex items-start gap-2 rounded-md bg-error/10 px-3 py-2 text-sm text-error">
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0" />
      {children}
    </p>
  );
}
