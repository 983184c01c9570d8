import { accountsFor } from "../packages/replayer-nats/test/accounts-config.ts";

const LINE = 100;

/** Settings that the tests run a server with: what reads JSON reads them, and so does nats-server. */
export function accountsBlock(): string {
  return `\`\`\`json\n${printed(accountsFor("SHOP"), "")}\n\`\`\`\n`;
}

/** JSON, in one line where there is room for it. */
function printed(value: unknown, indent: string): string {
  const flat = JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
  if (indent.length + flat.length <= LINE || typeof value !== "object" || value === null) return flat;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const lines = Array.isArray(value)
    ? value.map((one) => inner + printed(one, inner))
    : Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${printed(one, inner)}`);
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}
