import type { DriverErrorShape, Meaning } from "./meaning.ts";

/** This connection, or the look-up of its host; nothing of a statement was sent. */
const session = { applied: "no", retry: "elsewhere", scope: "session", answered: false } as const;
const toldSession: Meaning = { ...session, told: true };
/** Refused before anything was sent. */
const value: Meaning = { applied: "no", retry: "never", scope: "value", answered: false };
const caller = { ...value, scope: "caller" } as const;

/** What was sent on a connection that then went. */
const LOST: Meaning = {
  applied: "maybe",
  retry: "later",
  scope: "session",
  answered: false,
  load: "connection-lost",
  told: true,
};

const BY_NAME: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  [
    "OperationTimedOutError",
    { applied: "maybe", retry: "later", scope: "replicas", answered: false, load: "timeout", told: true },
  ],
  // More requests than its connections take: those that are in flight will tell of the cluster.
  ["BusyConnectionError", { ...caller, retry: "elsewhere", load: "overload", told: true }],
  ["AuthenticationError", { ...session, retry: "later", answered: true, told: true }],
  ["ArgumentError", { ...caller, told: true }],
  ["NotSupportedError", caller],
  // Of the encoder: the value does not fit the column.
  ["TypeError", value],
  ["RangeError", value],
  // Of the decoder: what came as an answer cannot be shown.
  ["VIntOutOfRangeException", { ...value, applied: "maybe", retry: "later", answered: true }],
]);

/** Where name and code say nothing: plain errors, and those of a bug in the driver or a server. */
const BY_TEXT: readonly (readonly [RegExp, Meaning])[] = [
  // Of the pool, the control connection and the policies: nothing was sent.
  [/^(No connection available|No active connection found|Connection (timeout|closed))/, toldSession],
  [
    /^(ControlConnection is being shutdown|Connection reference has been lost|Encoder is not defined)/,
    toldSession,
  ],
  [/^(Partitioner not established|Metadata has not been initialized)/, toldSession],
  [/^(Load ?balancing ?policy (not initialized|instance was not provided))/i, toldSession],
  [/^(Information from system\.local could not be retrieved|The SNI endpoint address)/, toldSession],
  [/^\S+ could not be resolved$/, toldSession],
  [/^The operation was already cancelled/, toldSession],
  // Of the handshake.
  [/^Connection was unable to STARTUP/, { ...toldSession, retry: "later", answered: true }],
  [/^Unexpected response from Cassandra/, { ...session, retry: "later", answered: true }],
  // A server has forgotten the statement, and this connection cannot prepare it again; the texts quote it.
  [/^(Unprepared response invalid|Query was prepared on keyspace)/, session],
  // What came as an answer cannot be read.
  [
    /^(There was an problem while parsing|Received invalid opcode|Following chunks can not|Buffer for streaming|RowCallback not found)/,
    { applied: "maybe", retry: "later", scope: "session", answered: true },
  ],
  // Of the encoder, and of what is written for it.
  [
    /^(can not write undefined|Unknown data type|Type not supported|Value .* is too big and cannot be encoded)/,
    value,
  ],
];

/** Errors of connecting, by the system's or by TLS's code, before anything of a statement was sent. */
const NOT_CONNECTED =
  /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EPROTO|ERR_(TLS|SSL)_\w+|CERT_\w+|\w*SELF_SIGNED_\w+|UNABLE_TO_\w+)$/;

/** What an error that the driver has made means, without those of servers and hosts; undefined if it is not known. */
export function meaningOfDriverError(error: DriverErrorShape): Meaning | undefined {
  const { name, code, message, isSocketError, requestNotWritten } = error;
  if (isSocketError === true) return requestNotWritten === true ? toldSession : LOST;
  if (typeof code === "string" && NOT_CONNECTED.test(code)) return toldSession;
  const known = BY_NAME.get(String(name));
  if (known !== undefined) return known;
  for (const [text, meaning] of BY_TEXT) if (text.test(String(message))) return meaning;
  // The encoder throws a few plain errors too; the driver marks what failed on its way to a host, and
  // of all that can, only the encoder's have no name of their own.
  return name === "Error" && "coordinator" in error && "query" in error ? value : undefined;
}
