export type { QueueCapabilities } from "./capabilities.ts";
export { ContractViolation } from "./contract-violation.ts";
export type { ControlStoreUnderTest } from "./control/control-stage.ts";
export {
  type ControlCapabilities,
  type ControlContractOptions,
  controlStoreContract,
} from "./control/control-store-contract.ts";
export type { QueueUnderTest } from "./queue-under-test.ts";
export { type ContractCase, type ContractOptions, replayQueueContract } from "./replay-queue-contract.ts";
