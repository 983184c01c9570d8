export { type HelixPluginOptions, helix } from "./helix-plugin.ts";
