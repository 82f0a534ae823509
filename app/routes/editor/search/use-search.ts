/** What the search finds in the buffers as they are now. */
import { useEffect, useRef, useState } from "react";
import type { Files } from "#core/contract/files.ts";
import type { Found, SearchQuery } from "#core/search-files.ts";
import { useEditorStore } from "#app/stores/editor-store.ts";
import { listOrder } from "../file-rules.ts";
import { createSearchClient, type SearchClient } from "./search-client.ts";
import SearchWorker from "./search.worker.ts?worker";

const debounceMs = 120;

export interface SearchState {
  /** Null: nothing is searched for, or not found yet. `isFresh`: for the query and the files as they are now. */
  found: (Found & { isFresh: boolean }) | null;
  failure: string | null;
}

interface Answered {
  query: SearchQuery;
  files: Files;
  found: Found | null;
  failure: string | null;
}

export function useSearch(): SearchState {
  const query = useEditorStore((state) => state.search);
  const files = useEditorStore((state) => state.files);
  const entrypoint = useEditorStore((state) => state.entrypoint);
  const [answer, setAnswer] = useState<Answered | null>(null);
  const client = useRef<SearchClient>(null);

  useEffect(
    () => () => {
      client.current?.dispose();
      client.current = null;
    },
    [],
  );
  useEffect(() => {
    if (query.text === "") return;
    let stale = false;
    const timer = setTimeout(() => {
      client.current ??= createSearchClient(() => new SearchWorker());
      client.current.search({ files, paths: listOrder(files, entrypoint), query }).then(
        (found) => !stale && setAnswer({ query, files, found, failure: null }),
        (error: Error) => !stale && setAnswer({ query, files, found: null, failure: error.message }),
      );
    }, debounceMs);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [query, files, entrypoint]);

  if (query.text === "" || answer === null) return { found: null, failure: null };
  const isFresh = answer.query === query && answer.files === files;
  return { found: answer.found && { ...answer.found, isFresh }, failure: answer.failure };
}
