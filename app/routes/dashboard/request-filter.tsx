import { FilterXIcon } from "lucide-react";
import { Form, Link, useSubmit } from "react-router";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Input } from "#app/components/ui/input.tsx";
import { NativeSelect } from "#app/components/ui/native-select.tsx";
import { toRequestSearch, type RequestQuery } from "./dashboard-query.ts";

/** Which requests are shown. It lives in the address, and works without JavaScript. @param filtered whether it leaves any out now. */
export function RequestFilter({ query, filtered }: { query: RequestQuery; filtered: boolean }) {
  const submit = useSubmit();
  const send = (form: HTMLFormElement) => void submit(form, { replace: true, preventScrollReset: true });
  return (
    <Form
      role="search"
      aria-label="Filter requests"
      preventScrollReset
      className="flex flex-wrap items-center gap-2"
      onChange={({ currentTarget }) => send(currentTarget)}
    >
      {query.window !== undefined && <input type="hidden" name="window" value={query.window} />}
      <Input
        name="path"
        type="search"
        aria-label="Part of the path"
        placeholder="Path"
        defaultValue={query.path}
        data-page-search=""
        className="text-code h-8 w-32 sm:w-40"
      />
      <NativeSelect name="method" aria-label="Method" defaultValue={query.method ?? ""} className="h-8 w-auto">
        <option value="">Any method</option>
        {["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => (
          <option key={method}>{method}</option>
        ))}
      </NativeSelect>
      <NativeSelect name="status" aria-label="Status" defaultValue={query.status ?? ""} className="h-8 w-auto">
        <option value="">Any status</option>
        {["2xx", "3xx", "4xx", "5xx"].map((status) => (
          <option key={status}>{status}</option>
        ))}
      </NativeSelect>
      {filtered && (
        <Link
          to={toRequestSearch(query, { status: undefined, method: undefined, path: undefined, cursor: undefined, request: undefined })}
          preventScrollReset
          reloadDocument
          aria-label="Clear the filter"
          title="Clear the filter"
          className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
        >
          <FilterXIcon aria-hidden />
        </Link>
      )}
      <noscript>
        <button type="submit" className={buttonVariants({ variant: "outline", size: "sm" })}>
          Filter
        </button>
      </noscript>
    </Form>
  );
}
