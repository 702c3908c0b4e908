export { type ExplainedStep, Explainer, type ExplainOptions, type Explanation, explainRequest } from "./explain-request.ts";
