import { namesOf, rightsOf } from "../packages/replayer-nats/src/internal.ts";

const { application, worker, operator, provisioner, updater } = rightsOf(
  namesOf({ streamName: "helix-replay", subjectPrefix: "helix.replay" }),
);

/** Which rights each role has, with the default names, in the order in which the README explains them. */
const ROLES = [
  { role: "application", rights: application },
  { role: "worker", rights: worker },
  { role: "operator", rights: operator },
  { role: "provisioner", rights: provisioner },
  { role: "updater", rights: updater.slice(provisioner.length), beside: "as the provisioner, and " },
] as const;

export function rightsTable(): string {
  const rows = ROLES.flatMap(({ role, rights, ...more }) =>
    rights.map(({ subjects, about }, at) => {
      const list = subjects.map((subject) => `\`${subject}\``).join(", ");
      return `| ${at === 0 ? role : ""} | ${"beside" in more ? more.beside : ""}${list} | ${about} |\n`;
    }),
  );
  return `| role | may publish to | in order to |\n|---|---|---|\n${rows.join("")}`;
}
