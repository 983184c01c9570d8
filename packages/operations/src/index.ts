export { type Audit, type AuditRecord, loggedAudit, type Ordered } from "./audit.ts";
export { audited, type Order } from "./audited.ts";
export { type DoctorOptions, type DoctorReport, doctor } from "./doctor/doctor.ts";
export { drain, type GateOptions, type OpenOptions, pause, resume, undrain } from "./gates.ts";
export type {
  Job,
  JobCounts,
  JobFailure,
  JobStage,
  JobState,
} from "./jobs/job.ts";
export type { JobOrder } from "./jobs/job-order.ts";
export { JobRunner, type JobRunnerOptions } from "./jobs/job-runner.ts";
export { JOB_VERBS, type JobVerb } from "./jobs/job-verbs.ts";
export { cancelJob, getJob, type JobListing, listJobs } from "./jobs/jobs.ts";
export { countForJob, startJob } from "./jobs/start-job.ts";
export { groupLetters, type LetterBox, type LetterGroupPage, showValues } from "./letters/letter-box.ts";
export {
  type ToldLetter,
  type ToldTrashedLetter,
  type ToldWrite,
  toldLetter,
} from "./letters/told-letter.ts";
export type { JobsOperated, Operated } from "./operated.ts";
export { Heartbeat, type HeartbeatOptions, type ReportingWorker } from "./pods/heartbeat.ts";
export type { PerSecond } from "./pods/per-second.ts";
export type { PodLane, PodReport } from "./pods/pod-report.ts";
export { type RateOptions, removeRate, setRate } from "./rates/set-rate.ts";
export { status } from "./status/status.ts";
export type {
  BreakerStatus,
  ClusterStatus,
  GateStatus,
  LaneStatus,
  Outlook,
  PodStatus,
  RateStatus,
  Status,
  Unread,
} from "./status/status-types.ts";
export {
  type LaneTraffic,
  TrafficHistory,
  type TrafficHistoryOptions,
  type TrafficReport,
} from "./status/traffic-history.ts";
export type { Warning } from "./status/warnings.ts";
