export type { QueueCapabilities } from "./capabilities.ts";
export { ContractViolation } from "./contract-violation.ts";
export type { QueueUnderTest } from "./queue-under-test.ts";
export { type ContractCase, type ContractOptions, replayQueueContract } from "./replay-queue-contract.ts";
