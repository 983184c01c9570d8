import { type Frame, FrameSplitter, OPCODE } from "./cql/frames.ts";
import { decodeRequest } from "./cql/request.ts";
import { type ConnectionObserver, type FaultProxyOptions, startFaultProxy } from "./fault-proxy.ts";

/** An EXECUTE or BATCH that a client has sent to the server. */
export interface TappedExecution {
  /** The protocol's default timestamp, by which a write is known. Microseconds. */
  readonly timestampMicros: bigint;
  /**
   * `applied` where the server has answered with a result, `refused` with an error. `unanswered` ones may have been
   * executed or not.
   */
  readonly state: "unanswered" | "applied" | "refused";
}

type Execution = { -readonly [K in keyof TappedExecution]: TappedExecution[K] };

export interface CqlTapOptions extends Pick<FaultProxyOptions, "target"> {
  /** Called when the server has answered one with a result. @default nobody */
  readonly onApplied?: ((execution: TappedExecution) => void) | undefined;
}

/** A listening ear before a CQL server. */
export interface CqlTap extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as the driver's `contactPoints` takes it. */
  readonly contactPoint: string;
  /** All so far, in the order in which they were sent. */
  readonly executions: readonly TappedExecution[];
  close(): Promise<void>;
}

/**
 * Starts a proxy before a CQL server that notes each prepared statement and batch that is sent through it and what the
 * server answers: a witness that asks neither of the two. It understands protocol version 4 without compression, and
 * changes nothing.
 */
export async function startCqlTap({ target, onApplied = () => {} }: CqlTapOptions): Promise<CqlTap> {
  const executions: Execution[] = [];
  const proxy = await startFaultProxy({ target, observe: () => observer(executions, onApplied) });
  const { host, port, contactPoint } = proxy;
  const close = () => proxy.close();
  return { host, port, contactPoint, executions, close, [Symbol.asyncDispose]: close };
}

function observer(executions: Execution[], onApplied: (one: Execution) => void): ConnectionObserver {
  const requests = new FrameSplitter();
  const answers = new FrameSplitter();
  const asked = new Map<number, Execution>();
  return {
    request(bytes) {
      for (const frame of requests.push(bytes)) {
        const timestampMicros = timestampOf(frame);
        if (timestampMicros === undefined) continue;
        const execution: Execution = { timestampMicros, state: "unanswered" };
        executions.push(execution);
        asked.set(frame.stream, execution);
      }
    },
    answer(bytes) {
      for (const { stream, opcode } of answers.push(bytes)) {
        const execution = asked.get(stream);
        if (execution === undefined) continue;
        asked.delete(stream);
        execution.state = opcode === OPCODE.result ? "applied" : "refused";
        if (execution.state === "applied") onApplied(execution);
      }
    },
  };
}

function timestampOf(frame: Frame): bigint | undefined {
  if (frame.opcode !== OPCODE.execute && frame.opcode !== OPCODE.batch) return undefined;
  return decodeRequest(frame, () => "").timestamp;
}
