/** Puts text into the clipboard. @throws Error where the browser refuses, and without a secure origin, where there is no clipboard. */
export const copyText = async (text: string): Promise<void> => {
  if (navigator.clipboard === undefined) throw new Error("no clipboard");
  await navigator.clipboard.writeText(text);
};
