import type { ClusterId, ErrorReading, Operation } from "@helix/core";
import type { Client, types } from "cassandra-driver";
import { toLong } from "../bindings/long.ts";
import { Both } from "../both.ts";
import type { ReadOptions } from "../request-options.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import { SharedValues } from "../session/driver-internals/index.ts";
import {
  hasParams,
  ONCE,
  queryOptions,
  readWrite,
  runOnce,
  triedAnew,
  writeOptions,
} from "../session/driver-request.ts";
import type { DualRequest } from "./dual-write.ts";
import type { JudgedWrite } from "./judged-write.ts";
import { WriteBinding } from "./write-binding.ts";

/** A judged write as the drivers of both clusters take it, and what is known of their tries. */
export class SentWrite implements DualRequest<types.ResultSet> {
  readonly #operation: Operation;
  readonly #requests: Both<ReturnType<typeof writeOptions>>;
  readonly #binding = new WriteBinding();

  constructor(
    { operation, timestampMicros, disposition }: JudgedWrite,
    options: ReadOptions,
    { A, B }: Readonly<Record<ClusterId, ClusterLink>>,
  ) {
    const base = queryOptions(operation, options);
    // Also where it was refused for a text that had no parameters, and has some by now.
    base.prepare ||= hasParams(operation);
    const tries = disposition === "replay" ? options : { ...options, ...ONCE };
    const timestamp = toLong(timestampMicros);
    const shared = operation.kind === "statement" ? new SharedValues() : undefined;
    this.#operation = operation;
    this.#requests = new Both(
      writeOptions(A.config, base, tries, timestamp, this.#binding.on("A"), shared),
      writeOptions(B.config, base, tries, timestamp, this.#binding.on("B"), shared),
    );
  }

  send(cluster: ClusterId, client: Client): Promise<types.ResultSet> {
    return runOnce(client, this.#operation, this.#requests[cluster].query);
  }

  again(cluster: ClusterId, client: Client, error: unknown): Promise<types.ResultSet> | undefined {
    return triedAnew(client, this.#operation, this.#requests[cluster].query, error);
  }

  read(cluster: ClusterId, error: unknown): ErrorReading {
    return readWrite(error, this.#requests[cluster].memory);
  }

  callOff(cluster: ClusterId, refusal: unknown): boolean {
    return this.#binding.callOff(cluster, refusal);
  }
}
