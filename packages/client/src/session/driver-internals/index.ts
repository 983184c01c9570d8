/**
 * The one place that touches what the driver does not declare. Everything is looked at before it is used:
 * with a driver that is built otherwise connections leak again, nobody is asked about what is bound, statements
 * stay prepared as they were, and nothing else happens.
 *
 * @module
 */
export {
  type BindingOptions,
  interceptBinding,
  ON_BINDING,
  type OnBinding,
  SHARED_VALUES,
} from "./binding.ts";
export { type DriverConnections, socketClosed, watchConnections } from "./connections.ts";
export { executeDirectly } from "./direct-execution.ts";
export { forgiveTimeouts } from "./forgiven-timeouts.ts";
export { freshPolicies } from "./fresh-policies.ts";
export { nodesOf } from "./nodes.ts";
export { boundPrepared, forgetOnSchemaChange, forgetPrepared } from "./prepared.ts";
export { eventHostOf, watchSchema } from "./schema-events.ts";
export { SharedValues } from "./shared-values.ts";
