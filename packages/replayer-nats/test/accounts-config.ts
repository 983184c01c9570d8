import { natsPermissions } from "../src/index.ts";

const SUBJECTS = natsPermissions("application").publish.filter(
  (subject) => !subject.includes(".STREAM.MSG.GET."),
);

/**
 * Settings of a server where the queue has an account and each application another one, which takes from the queue's
 * exactly the four subjects to enqueue to, and the one that says which clusters are drained. The README shows it.
 */
export function accountsFor(...applications: readonly string[]) {
  const user = (name: string) => ({ user: name, password: `password-of-${name}` });
  return {
    accounts: {
      HELIX: {
        jetstream: "enabled",
        users: [user("pod")],
        exports: SUBJECTS.map((service) => ({ service, accounts: applications })),
      },
      ...Object.fromEntries(
        applications.map((name) => [
          name,
          {
            users: [user(name.toLowerCase())],
            imports: SUBJECTS.map((subject) => ({ service: { account: "HELIX", subject } })),
          },
        ]),
      ),
    },
  };
}
