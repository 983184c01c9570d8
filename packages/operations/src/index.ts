export { type Audit, type AuditRecord, loggedAudit, type Ordered } from "./audit.ts";
export type { Operated } from "./operated.ts";
