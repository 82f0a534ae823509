/** Documentation examples that answer otherwise on the platform, each with the reason why that is right. */
export const explainedExamples: Readonly<Record<string, string>> = {};
