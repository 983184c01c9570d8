import { UsageError } from "../failures.ts";
import type { Answer, Session } from "../session.ts";

export interface SetupFlags {
  readonly update?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** Makes what the queue needs on its servers; with `--update`, changes what differs as well. */
export async function setUp(session: Session, { update = false, yes }: SetupFlags): Promise<Answer> {
  const operator = await session.operator();
  if (operator.setUp === undefined) {
    throw new UsageError(
      "A pod makes nothing on the server: setup speaks to NATS itself",
      "helix setup --nats nats-1:4222",
    );
  }
  if (update) {
    const type = "helix setup --update --yes";
    await session.confirm("Streams and consumers that differ are changed.", { yes, type });
  }
  const report = await session.ordered(operator.setUp({ update }), "helix doctor");
  return {
    data: report,
    text: (paint) => {
      const { created, updated } = report;
      if (created.length + updated.length === 0) return "Everything is there, as the options say.\n";
      return [
        ...created.map((one) => `${paint.good("made")}     ${one}\n`),
        ...updated.map((one) => `${paint.warning("changed")}  ${one}\n`),
      ].join("");
    },
  };
}
