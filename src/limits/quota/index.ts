// The door of what counts quotas: loaded only where a configuration has one.
export { obtainCalendar, type QuotaCalendar, type Span } from "./calendar.ts";
export { QuotaLedger, type QuotaLedgerOptions } from "./quota-ledger.ts";
