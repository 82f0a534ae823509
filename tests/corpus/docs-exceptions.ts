/** Documentation examples that answer otherwise on the platform, each with the reason why that is right. */
export const explainedExamples: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["001", "001_non_an", "002", "002_non_an", "003", "003_non_an"].map((name) => [
      `header_param_models/tutorial${name}.py`,
      "It answers with every header it got, and behind a gateway there are more: X-Forwarded-*, traceparent, X-Request-Id.",
    ]),
  ),
};

/** Examples whose bodies no two servers share, each with the reason: their status is compared, their bytes are not. */
export const randomExamples: Readonly<Record<string, string>> = {
  "query_params_str_validations/tutorial015.py": "It draws one of its items at random.",
};
