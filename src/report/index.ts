export { isFailure, SUCCESSFUL_CONCLUSIONS } from "../record/failure";
export {
  CHANGE_KEYS,
  type Change,
  type ChangedName,
  type ChangeKey,
  type ChangesFilter,
  type ChangesReport,
  changesReport,
} from "./changes-report";
export type { Ledger } from "./database/ledger";
export { openLedger } from "./database/open-ledger";
export {
  type ExecutionsOptions,
  executionsOf,
  lastExecutionId,
  newExecutionsOf,
  placeOf,
} from "./executions";
export { type ResolvedFilter, resolveFilter } from "./filter";
export { type Forecast, forecast } from "./forecast";
export { type ExecutionReport, executionReport, type RelatedExecutions } from "./one-execution";
export {
  SUMMARY_DAYS,
  SUMMARY_KEYS,
  type SummaryFilter,
  type SummaryKey,
  type SummaryReport,
  summaryReport,
} from "./summary-report";
export {
  type ExecutionFilter,
  GROUP_KEYS,
  type GroupKey,
  type LabelKey,
  type NamePattern,
  PERCENTILE_SAMPLE,
  type TimeInput,
  type Usage,
  type UsageFilter,
  type UsageGroup,
  type UsageReport,
} from "./types";
export { usageReport } from "./usage-report";
