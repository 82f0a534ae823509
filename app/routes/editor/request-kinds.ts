/** What a request can be copied as; what writes it is loaded when it is asked for. */
export const codeKinds = [
  { id: "curl", label: "curl" },
  { id: "python", label: "Python (httpx)" },
  { id: "javascript", label: "JavaScript (fetch)" },
] as const;
export type CodeKind = (typeof codeKinds)[number]["id"];
