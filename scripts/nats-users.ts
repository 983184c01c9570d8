import { type NatsRole, natsPermissions } from "../packages/replayer-nats/src/index.ts";

/** Where the users of the server lie. */
export const NATS_USERS = new URL("../deploy/nats/users.conf", import.meta.url);

const USERS: readonly [role: NatsRole, about: string][] = [
  ["application", "Enqueues."],
  ["worker", "A pod, with HELIX_QUEUE_PROVISION=none."],
  ["operator", "A person's command line."],
  ["provisioner", "Whoever runs `helix setup`, once before the first pod of a version."],
  ["updater", "The same with `helix setup --update`."],
];

/** A user of each role, in the language of nats-server. */
export function natsUsersText(): string {
  return `# Users with no more rights than they need, for streams and subjects with their default names: made by \`npx -y pnpm@12 readme\`.
# Where the server has them is said by its own configuration, best in an account of the queue's own:
#
#     accounts { HELIX { jetstream: enabled, include "users.conf" } }
#
# or, without accounts, \`authorization { include "users.conf" }\`. Passwords come from the server's environment; each user
# needs its own inbox, as HELIX_NATS_INBOX_PREFIX or \`inboxPrefix\`.
users: [
${USERS.map(([role, about]) => userOf(role, about)).join("\n")}
]
`;
}

function userOf(role: NatsRole, about: string): string {
  const { publish, subscribe } = natsPermissions(role, { inboxPrefix: `_INBOX_${role}` });
  return `  # ${about}
  {
    user: "${role}"
    password: $HELIX_NATS_${role.toUpperCase()}_PASSWORD
    permissions: {
      publish: [
${publish.map((subject) => `        "${subject}"\n`).join("")}      ]
      subscribe: ${JSON.stringify(subscribe)}
    }
  }`;
}
