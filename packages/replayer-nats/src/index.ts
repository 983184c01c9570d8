export {
  connectNatsEnqueuer,
  connectNatsOperator,
  connectNatsReplayer,
  type NatsEnqueuer,
  type NatsOperator,
} from "./connect.ts";
export type { NatsConnectOptions, NatsSecret, NatsTlsOptions } from "./connect-options.ts";
export { connectNatsControl, type NatsControl } from "./control/connect-nats-control.ts";
export { aesGcmEnvelope, type EnvelopeKeys } from "./envelope/aes-gcm.ts";
export type { Envelope } from "./envelope/envelope.ts";
export type { NatsErrorCode, TopologyDifference } from "./errors.ts";
export type { StrayMessage } from "./lanes/strays.ts";
export type { NatsHealth, NatsReplayer } from "./nats-replayer.ts";
export type {
  EnsureTopologyOptions,
  NatsControlOptions,
  NatsEnqueuerOptions,
  NatsLinkOptions,
  NatsNames,
  NatsPermissionOptions,
  NatsReplayerOptions,
  Provision,
  TopologyOptions,
} from "./options.ts";
export { ensureTopology, type TopologyReport } from "./topology/ensure-topology.ts";
export { type NatsRole, natsPermissions } from "./topology/rights.ts";
