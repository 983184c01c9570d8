import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

const STREAM = "helix-replay";
const DEAD_LETTERS = "helix-replay-dead-letters";

/** What the server itself says of the queue. */
export interface QueueFigures {
  /** Messages that were stored since the stream was made. */
  readonly stored: number;
  /** Of them, those that it still has. */
  readonly left: number;
  readonly deadLetters: number;
}

/** A look at the queue past everything that works with it. */
export interface QueueView extends AsyncDisposable {
  look(): Promise<QueueFigures>;
}

/** The streams need not exist yet. It outlives a restart of the server. */
export async function openQueueView(natsUrl: string): Promise<QueueView> {
  const connection = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const state = async (stream: string) => (await manager.streams.info(stream)).state;
  return {
    async look() {
      const [lanes, dead] = await Promise.all([state(STREAM), state(DEAD_LETTERS)]);
      return { stored: lanes.last_seq, left: lanes.messages, deadLetters: dead.messages };
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/** For a person, in another terminal of the same clone. */
export function lookYourself(natsUrl: string): string[] {
  return [`npx -y pnpm@12 -s -w helix status --watch --nats ${natsUrl.replace("nats://", "")}`];
}
