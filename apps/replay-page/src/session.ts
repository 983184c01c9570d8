/** What a person has typed, for as long as the tab is open: the token, and a name. A browser that stores nothing keeps it until a reload. */
const memory = new Map<string, string>();

type Kept = "helix-token" | "helix-by";

export function kept(name: Kept): string {
  try {
    return sessionStorage.getItem(name) ?? memory.get(name) ?? "";
  } catch {
    return memory.get(name) ?? "";
  }
}

export function keep(name: Kept, value: string): void {
  memory.set(name, value);
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // Kept in memory.
  }
}
