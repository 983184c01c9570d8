export { HelixHealthIndicator } from "./helix-health-indicator.ts";
export { type HelixAsyncOptions, HelixModule, type HelixModuleOptions } from "./helix-module.ts";
