import type { Msg, MsgHdrs, NatsConnection, Subscription } from "@nats-io/nats-core";
import { headerOf } from "../../src/nats/wire.ts";

type Fields = Readonly<Record<string, string>>;

/** One step of a conversation with a server. What it answers is written down, without times and names. */
export type Step =
  /** A request to the JetStream API. */
  | { readonly do: "api"; readonly subject: string; readonly body?: object }
  /** A Direct Get, which answers with headers. */
  | { readonly do: "direct"; readonly subject: string; readonly body?: object }
  | { readonly do: "publish"; readonly subject: string; readonly data?: string; readonly headers?: Fields }
  /** A publish that no answer is wanted to. */
  | { readonly do: "put"; readonly subject: string; readonly data: string }
  /** A pull of consumer `stream.consumer`; what comes of it goes to an inbox of this name. */
  | { readonly do: "pull"; readonly from: string; readonly inbox: string; readonly body?: object }
  /** A word about a delivery: the nth of all that were received, from 0. */
  | { readonly do: "settle"; readonly delivery: number; readonly verb: string }
  | { readonly do: "wait"; readonly ms: number }
  /** Writes down what the inboxes have received since. */
  | { readonly do: "take" }
  | { readonly do: "unsubscribe"; readonly inbox: string }
  /** Sent in one piece, without waiting between them. */
  | { readonly do: "together"; readonly steps: readonly Sent[] };

type Sent = Extract<Step, { readonly do: "pull" | "settle" | "unsubscribe" | "put" }>;

export type Script = readonly Step[];

export interface Surroundings {
  readonly connection: NatsConnection;
  readonly wait: (ms: number) => Promise<void>;
}

/** In which a server that answers has answered. */
const SETTLE_MS = 25;
const TIMEOUT_MS = 2000;

/** Has the conversation. Resolves with what the server said, a line for each answer. */
export async function run(script: Script, { connection, wait }: Surroundings): Promise<string[]> {
  const lines: string[] = [];
  const inboxes = new Map<string, Subscription>();
  const deliveries: string[] = [];
  let received: string[] = [];
  const listen = (inbox: string) => {
    if (inboxes.has(inbox)) return;
    const subscription = connection.subscribe(`script.${inbox}.*`, {
      callback: (_error, message) => {
        if (message.reply?.startsWith("$JS.ACK.") === true) deliveries.push(message.reply);
        received.push(`${inbox}: ${describe(message)}`);
      },
    });
    inboxes.set(inbox, subscription);
  };
  const ask = async (subject: string, data: string, headers?: Fields): Promise<Msg | string> => {
    try {
      return await connection.request(subject, data, {
        timeout: TIMEOUT_MS,
        ...(headers && { headers: blockOf(headers) }),
      });
    } catch (error) {
      const { name, cause } = error as Error;
      return cause instanceof Error ? cause.name : name;
    }
  };
  const send = (step: Sent) => {
    switch (step.do) {
      case "put":
        connection.publish(step.subject, step.data);
        return;
      case "pull":
        listen(step.inbox);
        connection.publish(
          `$JS.API.CONSUMER.MSG.NEXT.${step.from}`,
          step.body ? JSON.stringify(step.body) : "",
          {
            reply: `script.${step.inbox}.1`,
          },
        );
        return;
      case "settle": {
        const reply = deliveries[step.delivery];
        if (reply === undefined) lines.push(`there was no delivery ${step.delivery}`);
        else connection.publish(reply, step.verb);
        return;
      }
      case "unsubscribe":
        inboxes.get(step.inbox)?.unsubscribe();
        inboxes.delete(step.inbox);
    }
  };
  for (const step of script) {
    switch (step.do) {
      case "api":
      case "publish": {
        const isApi = step.do === "api";
        const subject = isApi ? `$JS.API.${step.subject}` : step.subject;
        const data = isApi ? JSON.stringify(step.body ?? {}) : (step.data ?? "");
        const answer = await ask(subject, data, isApi ? undefined : step.headers);
        const text = typeof answer === "string" ? answer : JSON.stringify(normal(answer.json()));
        lines.push(`${step.do} ${step.subject}: ${text}`);
        break;
      }
      case "direct": {
        const answer = await ask(
          `$JS.API.DIRECT.GET.${step.subject}`,
          step.body ? JSON.stringify(step.body) : "",
        );
        lines.push(`direct ${step.subject}: ${typeof answer === "string" ? answer : describe(answer)}`);
        break;
      }
      case "wait":
        await wait(step.ms);
        break;
      case "together":
        step.steps.forEach(send);
        break;
      case "take":
        lines.push(...received.map((line) => `  ${line}`), "--");
        received = [];
        break;
      default:
        send(step);
    }
    if (step.do === "wait" || step.do === "take") continue;
    await connection.flush();
    await wait(SETTLE_MS);
  }
  for (const inbox of inboxes.values()) inbox.unsubscribe();
  return lines;
}

const SAID = ["Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Pending-Messages", "Nats-Pending-Bytes"];
const KEPT = ["Nats-Msg-Id", "KV-Operation", "Nats-Rollup", "Note", "Nats-Last-Consumer", "Nats-Last-Stream"];

function describe(message: Msg): string {
  const { headers, reply = "" } = message;
  const fields = [...SAID, ...KEPT].flatMap((name) =>
    headers?.has(name) === true ? [`${name}=${headers.get(name)}`] : [],
  );
  const status = headers !== undefined && headers.code > 0 ? `${headers.code} ${headers.description}` : "";
  return [status, message.string(), ...fields, ackOf(reply)].filter((text) => text !== "").join(" ");
}

/** Stream, consumer, deliveries, sequences and what is pending; not the time. */
function ackOf(reply: string): string {
  const tokens = reply.split(".");
  if (tokens[1] !== "ACK") return "";
  const own = tokens.length > 9 ? tokens.slice(4) : tokens.slice(2);
  const [stream, consumer, deliveries, streamSeq, consumerSeq, , pending] = own;
  return `[${stream} ${consumer} delivery ${deliveries} of ${streamSeq}, number ${consumerSeq}, ${pending} pending]`;
}

/** What differs from server to server, or from moment to moment, and nobody reads. */
const IGNORED = new Set([
  "type",
  "created",
  "ts",
  "time",
  "time_stamp",
  "first_ts",
  "last_ts",
  "last_active",
  "cluster",
  "metadata",
  "num_deleted",
  "deleted",
  "timestamp",
]);

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name]) => !IGNORED.has(name))
    // Of a configuration, what a server has that another has not is empty.
    .filter(([, it]) => it !== false && it !== "" && it !== 0 && JSON.stringify(it) !== "{}")
    .map(([name, it]) => [name, normal(it)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function blockOf(fields: Fields): MsgHdrs {
  const block = headerOf("", Object.entries(fields));
  return { encode: () => block } as unknown as MsgHdrs;
}
