import { WireWriter } from "./wire-writer.ts";

/** The protocol's codes without fields of their own. */
const PLAIN = {
  serverError: 0x0000,
  protocolError: 0x000a,
  badCredentials: 0x0100,
  overloaded: 0x1001,
  isBootstrapping: 0x1002,
  truncateError: 0x1003,
  cdcWriteFailure: 0x1600,
  syntaxError: 0x2000,
  unauthorized: 0x2100,
  invalid: 0x2200,
  configError: 0x2300,
} as const;

/** What the coordinator was doing when a write failed. */
export type WriteType =
  | "SIMPLE"
  | "BATCH"
  | "UNLOGGED_BATCH"
  | "COUNTER"
  | "BATCH_LOG"
  | "CAS"
  | "VIEW"
  | "CDC";

interface Base {
  /**
   * @default the code's name. The driver writes a message of its own for timeouts, failures and
   * `unavailable`.
   */
  readonly message?: string;
}

interface Replicas extends Base {
  /** The protocol's number. @default 10, LOCAL_ONE */
  readonly consistency?: number;
  readonly received: number;
  readonly blockFor: number;
}

/** An error that a server of protocol version 4 may answer, with its fields. */
export type ServerError =
  | (Base & { readonly code: keyof typeof PLAIN })
  | (Base & {
      readonly code: "unavailable";
      readonly consistency?: number;
      readonly required: number;
      readonly alive: number;
    })
  | (Replicas & { readonly code: "writeTimeout"; readonly writeType: WriteType })
  | (Replicas & { readonly code: "writeFailure"; readonly failures: number; readonly writeType: WriteType })
  | (Replicas & { readonly code: "readTimeout"; readonly dataPresent: boolean })
  | (Replicas & { readonly code: "readFailure"; readonly failures: number; readonly dataPresent: boolean })
  | (Base & {
      readonly code: "functionFailure";
      readonly keyspace: string;
      readonly functionName: string;
      readonly argTypes: readonly string[];
    })
  | (Base & { readonly code: "alreadyExists"; readonly keyspace: string; readonly table?: string })
  | (Base & { readonly code: "unprepared"; readonly queryId: Buffer })
  /** Any other, by number. */
  | (Base & { readonly code: number });

const LOCAL_ONE = 10;

/** The body of an ERROR frame. */
export function encodeServerError(error: ServerError): Buffer {
  const to = new WireWriter();
  const start = (code: number) => to.int(code).string(error.message ?? String(error.code));
  const replicas = ({ consistency = LOCAL_ONE, received, blockFor }: Replicas) =>
    to.short(consistency).int(received).int(blockFor);
  switch (error.code) {
    case "unavailable":
      start(0x1000)
        .short(error.consistency ?? LOCAL_ONE)
        .int(error.required)
        .int(error.alive);
      break;
    case "writeTimeout":
      start(0x1100);
      replicas(error).string(error.writeType);
      break;
    case "readTimeout":
      start(0x1200);
      replicas(error).byte(error.dataPresent ? 1 : 0);
      break;
    case "readFailure":
      start(0x1300);
      replicas(error)
        .int(error.failures)
        .byte(error.dataPresent ? 1 : 0);
      break;
    case "functionFailure":
      start(0x1400).string(error.keyspace).string(error.functionName).stringList(error.argTypes);
      break;
    case "writeFailure":
      start(0x1500);
      replicas(error).int(error.failures).string(error.writeType);
      break;
    case "alreadyExists":
      start(0x2400)
        .string(error.keyspace)
        .string(error.table ?? "");
      break;
    case "unprepared":
      start(0x2500).shortBytes(error.queryId);
      break;
    default:
      start(typeof error.code === "number" ? error.code : PLAIN[error.code]);
  }
  return to.finish();
}
