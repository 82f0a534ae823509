import { SearchIcon, XIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { Form, Link, useSubmit } from "react-router";
import { badgeVariants } from "#app/components/ui/badge.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { cn } from "#app/components/ui/cn.ts";
import { Input } from "#app/components/ui/input.tsx";
import { NativeSelect } from "#app/components/ui/native-select.tsx";
import { complexities, templateTabs, toGalleryPath, type GalleryQuery } from "./gallery-query.ts";

const tabWords = { all: "All", mine: "Mine", global: "Global" } as const;

/** Whose templates, and which of them. All of it is in the address; without JavaScript a button applies it. */
export function GalleryFilters({ query }: { query: GalleryQuery }) {
  const submit = useSubmit();
  const search = useRef<HTMLInputElement>(null);
  const { search: text = "", complexity = "", tag, tab } = query;
  // A tab, a tag or the back button changed the address: the field follows, unless somebody is writing in it.
  useEffect(() => {
    if (search.current && document.activeElement !== search.current) search.current.value = text;
  }, [text]);
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
      <nav aria-label="Whose templates" className="flex gap-1 rounded-lg bg-muted p-1">
        {templateTabs.map((each) => (
          <Link
            key={each}
            to={toGalleryPath(query, { tab: each })}
            preventScrollReset
            aria-current={each === tab ? "page" : undefined}
            className="rounded-md px-3 py-1 text-[13px] font-medium text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring aria-[current]:bg-card aria-[current]:text-foreground aria-[current]:shadow-sm"
          >
            {tabWords[each]}
          </Link>
        ))}
      </nav>
      <Form
        role="search"
        action="/apps/new"
        preventScrollReset
        onChange={({ currentTarget }) => void submit(currentTarget, { replace: true, preventScrollReset: true })}
        className="flex w-full flex-wrap items-center gap-2 sm:w-auto"
      >
        {tab !== "all" && <input type="hidden" name="tab" value={tab} />}
        {tag !== undefined && <input type="hidden" name="tag" value={tag} />}
        {tag !== undefined && (
          <Link
            to={toGalleryPath(query, { tag: undefined })}
            preventScrollReset
            aria-label={`Tag ${tag}: show all`}
            className={cn(badgeVariants({ variant: "primary" }), "h-6 outline-none focus-visible:ring-2 focus-visible:ring-ring")}
          >
            {tag}
            <XIcon aria-hidden />
          </Link>
        )}
        <div className="w-36 shrink-0 max-sm:flex-1">
          {/* Made anew when the address changes: the browser keeps what was chosen otherwise. */}
          <NativeSelect key={complexity} name="complexity" aria-label="For whom" defaultValue={complexity}>
            <option value="">Any level</option>
            {complexities.map((each) => (
              <option key={each} value={each}>
                {complexityWords[each]}
              </option>
            ))}
          </NativeSelect>
        </div>
        <div className="relative w-56 max-sm:flex-1">
          <SearchIcon aria-hidden className="absolute top-2.5 left-3 size-4 text-muted-foreground" />
          <Input
            ref={search}
            type="search"
            name="search"
            aria-label="Search templates"
            placeholder="Search templates"
            defaultValue={text}
            data-page-search=""
            className="pl-9"
          />
        </div>
        <noscript
          dangerouslySetInnerHTML={{ __html: `<button type="submit" class="${buttonVariants({ variant: "outline" })}">Apply</button>` }}
        />
      </Form>
    </div>
  );
}

export const complexityWords = { beginner: "Beginner", intermediate: "Intermediate", advanced: "Advanced" } as const;
