/** `system` and `system_…` are the server's own, and virtual ones of one node: what is there belongs to one cluster alone. */
export function isSystemKeyspace(name: string): boolean {
  return name === "system" || name.startsWith("system_");
}
