import type { JobVerb } from "@helix/operations";
import { Command, type CommanderError } from "commander";
import { UsageError } from "./failures.ts";
import type { Host } from "./host.ts";
import { sizes, someText, wholeNumber } from "./input/arguments.ts";
import { addFilter } from "./input/filter-flags.ts";
import type { OpenOperator } from "./operator/open-operator.ts";
import { GATE_VERBS, type GateVerb } from "./operator/operator.ts";
import { type Answer, Session, type SessionFlags } from "./session.ts";

const GATES: Readonly<Record<GateVerb, string>> = {
  pause: "Replay nothing more to a cluster; writes and reads are as usual.",
  resume: "Take a pause back.",
  drain: "Skip a cluster: writes to it are queued at once, reads go to the other one, nothing is replayed.",
  undrain: "Take a drain back: what waits is replayed.",
};

/** Of a dead letter, in examples. */
const ID = "6f1c2a9e-4b0d-4c1e-9d55-0a3c1f7e8b21.0";
const REASON = ["--reason <text>", "Why, in your words, for others."] as const;

export interface ProgramOptions {
  readonly host: Host;
  readonly version: string;
  readonly open: OpenOperator;
  /** Told of the exit code of a command that has run. */
  readonly onExit: (code: number) => void;
}

/** All commands. What each of them does is loaded when it is to run. */
export function createProgram({ host, version, open, onExit }: ProgramOptions): Command {
  const program = new Command("helix")
    .description(
      "What an operator of the Helix Replay System asks and orders, by a pod (--url) or straight from NATS (--nats).",
    )
    .version(version, "--version", "Print the version.")
    .helpOption("-h, --help", "Explain a command.")
    .exitOverride(refuse("helix --help"))
    .configureHelp({ showGlobalOptions: true, helpWidth: 120 })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      outputError() {},
    })
    .option("--url <url>", "By the admin API of a pod; its token is in HELIX_TOKEN, or a file. [HELIX_URL]")
    .option("--token-file <file>", "Where the token is. [HELIX_TOKEN_FILE]")
    .option(
      "--server-name <host>",
      "Whom the certificate of the pod names, where that is not the address, as by a port-forward.",
    )
    .option("--allow-plain-http", "Send the token to another machine without TLS.")
    .option(
      "--nats <servers>",
      "Straight from NATS, with the rights of the role `operator`. [HELIX_NATS_SERVERS]",
    )
    .option("--stream <name>", "Stream of the lanes. [HELIX_QUEUE_STREAM_NAME]")
    .option("--prefix <subject>", "What their subjects begin with. [HELIX_QUEUE_SUBJECT_PREFIX]")
    .option("--creds <file>", "Credentials of NATS: a JWT and its seed. [HELIX_NATS_CREDS_FILE]")
    .option("--ca <file>", "Authorities to trust, PEM.")
    .option("--config <file>", "Configuration of a pod, for the rest. [HELIX_CONFIG_FILE]")
    .option("--by <person>", "Who orders. [HELIX_BY; the user of the machine]")
    .option("--json", "Print data, for programs.");

  /** Runs a command with a session, and tells its answer or, of one that has told it, its exit code. */
  const act =
    (
      command: Command,
      run: (session: Session, args: readonly string[], flags: never) => Promise<Answer | number>,
    ) =>
    async () => {
      await using session = new Session(host, command.optsWithGlobals<SessionFlags>(), open);
      const answer = await run(session, command.args, command.opts() as never);
      if (typeof answer === "number") return onExit(answer);
      session.tell(answer);
      onExit(answer.exit ?? 0);
    };
  const leaf = (
    parent: Command,
    usage: string,
    about: string,
    run: (session: Session, args: readonly string[], flags: never) => Promise<Answer | number>,
    ...examples: readonly string[]
  ): Command => {
    const command = parent.command(usage).description(about).allowExcessArguments(false);
    command.addHelpText("after", `\nFor instance:\n${examples.map((one) => `  ${one}\n`).join("")}`);
    command.exitOverride(refuse(...examples));
    return command.action(act(command, run));
  };

  leaf(
    program,
    "status",
    "What was ordered, what waits, and since when.",
    async (session, _, { watch: isWatched, every }: { watch?: boolean; every: number }) => {
      const { statusAnswer } = await import("./commands/status.ts");
      const look = async () => statusAnswer(await (await session.operator()).status());
      if (!isWatched) return look();
      const { watch } = await import("./commands/watch.ts");
      return watch(session, every * 1000, look);
    },
    "helix status",
    "helix status --watch",
  )
    .option("-w, --watch", "Look again and again.")
    .option("--every <seconds>", "How often.", wholeNumber(1, 3600), 2);

  for (const verb of GATE_VERBS) {
    const example = `helix ${verb} B --reason "schema change"`;
    const command = leaf(
      program,
      `${verb} <cluster>`,
      GATES[verb],
      async (session, [cluster = ""], flags: { reason: string; until?: string }) => {
        const { orderGate } = await import("./commands/gates.ts");
        return orderGate(session, verb, cluster, flags);
      },
      example,
      ...(verb === "pause" || verb === "drain" ? [`${example} --until 90m`] : []),
    ).requiredOption(...REASON, someText);
    if (verb === "pause" || verb === "drain") {
      command.option("--until <time>", "Open again by itself then: 90m, 14:00Z or 2026-11-29T14:00Z.");
    }
  }

  leaf(
    program,
    "rate [cluster] [perSecond]",
    "Show how fast may be replayed, or bound it over all pods together; none: as fast as it goes.",
    async (session, args, flags) => (await import("./commands/rate.ts")).rate(session, args, flags),
    "helix rate",
    'helix rate B 500 --reason "after the outage" --until 2h',
    'helix rate B none --reason "it is fine"',
  )
    .option(...REASON, someText)
    .option("--until <time>", "No limit from then on: 90m, 14:00Z or 2026-11-29T14:00Z.");

  const dead = program.command("dead").description("What could not be replayed, and is kept for a person.");
  const trash = dead.command("trash").description("What was discarded, for seven days.");
  for (const [box, parent, path] of [
    ["dead", dead, "helix dead"],
    ["trash", trash, "helix dead trash"],
  ] as const) {
    paged(
      leaf(
        parent,
        "list",
        "One by one, the first that came there first.",
        async (session, _, flags) => (await import("./commands/dead.ts")).listLetters(session, box, flags),
        `${path} list --table shop.users`,
        `${path} list --cause rejected --died-since 2h`,
      ),
    );
    paged(
      leaf(
        parent,
        "groups",
        "How many of which kind, the largest first.",
        async (session, _, flags) => (await import("./commands/dead.ts")).groupLetters(session, box, flags),
        `${path} groups`,
        `${path} groups --cluster B`,
      ),
    );
    leaf(
      parent,
      "show <id>",
      "One of them, without its values.",
      async (session, [id = ""], flags: { values?: boolean; reason?: string }) => {
        const { showLetter, showValues } = await import("./commands/dead.ts");
        if (!flags.values) return showLetter(session, box, id);
        if (flags.reason !== undefined) return showValues(session, box, id, flags.reason);
        throw new UsageError(
          "Expected --reason with --values: why, for others",
          `${path} show ${ID} --values --reason "…"`,
        );
      },
      `${path} show ${ID}`,
    )
      .option(
        "--values",
        "With what was bound to its statements, which may be personal data. It is written down.",
      )
      .option(...REASON, someText);
  }
  const work = (parent: Command, verb: JobVerb, path: string, about: string) =>
    addFilter(
      leaf(
        parent,
        `${verb} [ids...]`,
        about,
        async (session, ids, flags) =>
          (await import("./commands/bulk.ts")).orderJob(session, verb, ids, flags),
        `${path} ${ID} --reason "column is there"`,
        `${path} --table shop.users --reason "column is there"`,
        `${path} --table shop.users --reason "column is there" --expect 120 --yes`,
      ),
    )
      .requiredOption(...REASON, someText)
      .option("--all", "Every one that there is.")
      .option("--expect <count>", "Only if there are so many.", wholeNumber(0, 1e15))
      .option("-y, --yes", "Do not ask; with --expect, unless ids are given.")
      .option("--dry-run", "Show what it would be, and change nothing.")
      .option("--per-second <count>", "So many at most.", wholeNumber(1, 100_000))
      .option("--detach", "Do not wait for its end.");
  work(dead, "redrive", "helix dead redrive", "Put them back at the end of their lanes.")
    .option(
      "--force",
      "Apply what is too old, or for another table, as well: what was deleted may come back.",
    )
    .option(
      "--stages <sizes>",
      "Begin with so many, such as 1,10,100: go on when few have died again.",
      sizes,
    );
  work(dead, "discard", "helix dead discard", "Move them into the trash, for seven days.");
  work(dead, "restore", "helix dead restore", "Take them back out of the trash.");
  work(trash, "empty", "helix dead trash empty", "Delete what is in the trash for good.");

  const jobs = program.command("jobs").description("Long work that was ordered: redrive, discard, restore.");
  leaf(
    jobs,
    "list",
    "The newest first; of those that are over, the last hundred.",
    async (session) => (await import("./commands/jobs.ts")).listJobs(session),
    "helix jobs list",
  );
  leaf(
    jobs,
    "show <id>",
    "How far one is, and what has failed.",
    async (session, [id = ""], flags) => (await import("./commands/jobs.ts")).showJob(session, id, flags),
    "helix jobs show 0123456789abcdef0123 --follow",
  ).option("-f, --follow", "Until it is over.");
  leaf(
    jobs,
    "cancel <id>",
    "Take up nothing more; what is done stays done.",
    async (session, [id = ""], flags) => (await import("./commands/jobs.ts")).cancelJob(session, id, flags),
    'helix jobs cancel 0123456789abcdef0123 --reason "wrong table"',
  ).requiredOption(...REASON, someText);

  leaf(
    program,
    "doctor",
    "What can be lost or will stand still, the worst first, each with its cure.",
    async (session) => {
      const { doctorAnswer } = await import("./commands/doctor.ts");
      return doctorAnswer(await (await session.operator()).doctor());
    },
    "helix doctor",
  );
  leaf(
    program,
    "setup",
    "Make the streams and consumers of the queue, with the rights of the role `provisioner`.",
    async (session, _, flags) => (await import("./commands/setup.ts")).setUp(session, flags),
    "helix setup",
    "helix setup --update",
  )
    .option("--update", "Change what differs as well, with the rights of the role `updater`.")
    .option("-y, --yes", "Do not ask.");

  leaf(
    program,
    "lint <files...>",
    "What in files of CQL could not be replayed.",
    async (_, files, flags) => (await import("./commands/lint.ts")).lint(files, flags),
    "helix lint statements.cql --schema schema.cql",
  )
    .option(
      "--schema <file>",
      "CREATE statements of the tables: without them nearly every write depends on its table.",
    )
    .option("--keyspace <name>", "Of tables that are named without one.");
  return program;
}

function paged(command: Command): Command {
  return addFilter(command)
    .option("--limit <count>", "So many at most.", wholeNumber(1, 200), 50)
    .option("--cursor <cursor>", "The next page, as the one before has told it.");
}

/** What commander has against what was typed; whoever asks for help, or leaves a command open, gets that. */
function refuse(...type: readonly string[]) {
  return (error: CommanderError): never => {
    if (error.exitCode === 0 || error.code === "commander.help") throw error;
    const text = error.message.replace(/^error: /, "");
    throw new UsageError(text.charAt(0).toUpperCase() + text.slice(1), ...type);
  };
}
