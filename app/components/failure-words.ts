import { asProblem } from "./as-problem.ts";

export interface FailureWords {
  title: string;
  text: string;
  /** What did not get lost. */
  kept: string;
  /** Trying again can help. */
  retry: boolean;
  requestId: string | undefined;
}

const unchanged = "Nothing was changed: your apps and drafts are as they were.";

/** Titles and explanations by status; null stands for an error in the page itself. */
const words: Record<number, Omit<FailureWords, "requestId">> = {
  400: {
    title: "The request was not understood",
    text: "The address or the form held something that the platform cannot read. Go back and try again.",
    kept: unchanged,
    retry: false,
  },
  403: { title: "You may not do this", text: "Your account does not have the right to see or change this.", kept: unchanged, retry: false },
  404: {
    title: "Nothing is here",
    text: "It may have been deleted or renamed, or it belongs to another account.",
    kept: "Your apps and drafts are as they were.",
    retry: false,
  },
  409: {
    title: "Something else was faster",
    text: "Another tab or person changed this meanwhile. Load the page again to see how it is now.",
    kept: unchanged,
    retry: true,
  },
  413: { title: "That was too large", text: "What was sent is over the limit.", kept: unchanged, retry: false },
  429: { title: "Too many requests", text: "Wait a minute and try again.", kept: unchanged, retry: true },
  503: {
    title: "The platform is not ready",
    text: "A part it needs, such as its database, does not answer. It tries to reach it by itself.",
    kept: "Apps that are running go on answering, and nothing that was saved is lost.",
    retry: true,
  },
  507: {
    title: "The disk is full",
    text: "The platform cannot write anything until its administrator makes room.",
    kept: "What was saved before is safe and can be read.",
    retry: true,
  },
};
const bug: Omit<FailureWords, "requestId"> = {
  title: "Something went wrong here",
  text: "This is a fault of the platform, and it has been written to its log.",
  kept: "What you saved and deployed is not affected.",
  retry: true,
};

/** Says a failure in words. The problem's own detail, made for people, wins over ours where the caller can act on it. */
export function describeFailure(response: { status: number; data: unknown } | null): FailureWords {
  const problem = asProblem(response?.data);
  const detail = problem && problem.status < 500 ? problem.detail : undefined;
  const base = (response && words[response.status]) ?? bug;
  return { ...base, text: detail ?? base.text, requestId: problem?.requestId };
}
