import { demoStatements, onBoth, startCassandraPair } from "@helix/testkit";
import type { DemoOptions } from "./args.ts";
import { playMemory } from "./memory.ts";
import { playNats } from "./nats.ts";
import { prepareOutage } from "./outage.ts";
import type { Screen } from "./screen.ts";
import { playService } from "./service.ts";
import type { Stage } from "./stage.ts";

const PLAYS = { memory: playMemory, nats: playNats, service: playService } as const;

/** Runs the whole story. Resolves with whether the promises held; leaves nothing behind, also when aborted. */
export async function runDemo(options: DemoOptions, screen: Screen, signal: AbortSignal): Promise<boolean> {
  screen.say("starting two Cassandra clusters …");
  await using pair = await startCassandraPair({
    killable: options.outage === "kill" || options.outage === "freeze",
    allowSimulation: true,
    signal,
    onProgress: (line) => screen.say(line),
  });
  screen.say(pair.description);
  await onBoth(pair, async (client) => {
    await client.execute(demoStatements.CREATE_KEYSPACE);
    await client.execute(demoStatements.CREATE_TABLE);
    // What an earlier demo wrote into clusters that are given.
    if (pair.source === "environment") await client.execute(demoStatements.TRUNCATE_ORDERS);
  });
  await using outage = await prepareOutage(options.outage, pair);
  const stage: Stage = { options, pair, outage, screen, signal };
  try {
    return await PLAYS[options.deployment](stage);
  } finally {
    screen.endStatus();
  }
}
