import { setTimeout } from "node:timers/promises";
import { RawError, type RawPrepared, type RawSession } from "@helix/testkit";

/** What a server makes of a text. It is silent where its answer fails: for a marker that another `AND TTL` has overruled. */
export type ServerReading =
  | { readonly kind: "syntax error" | "invalid" | "silence" }
  | ({ readonly kind: "accepted" } & RawPrepared);

const SYNTAX_ERROR = 0x2000;
const SERIAL = 0x08;
const PATIENCE_MS = 10_000;

/** Rejects with what is no answer about the text. */
export async function serverReading(session: RawSession, cql: string): Promise<ServerReading> {
  const done = new AbortController();
  try {
    const prepared = await Promise.race([session.prepare(cql), silence(done.signal)]);
    return prepared === undefined ? { kind: "silence" } : { kind: "accepted", ...prepared };
  } catch (error) {
    if (!(error instanceof RawError)) throw error;
    return { kind: error.code === SYNTAX_ERROR ? "syntax error" : "invalid" };
  } finally {
    done.abort();
  }
}

const silence = (signal: AbortSignal) =>
  setTimeout(PATIENCE_MS, undefined, { signal }).catch(() => undefined);

/**
 * Whether a prepared write is conditional, of which a PREPARE tells nothing. The consistency SERIAL is refused for both
 * kinds, before anything is written and in different words; but a batch without conditions is executed. Undefined
 * where the server refuses it for another reason.
 */
export async function isConditional(
  session: RawSession,
  { id, markers }: RawPrepared,
): Promise<boolean | undefined> {
  const values = markers.map(({ type }) => {
    if (type === "int") return Buffer.of(0, 0, 0, 1);
    return type === "bigint" || type === "counter" ? Buffer.of(0, 0, 0, 0, 0, 0, 0, 1) : null;
  });
  try {
    await session.execute(id, values, SERIAL);
    return false;
  } catch (error) {
    if (!(error instanceof RawError)) throw error;
    if (error.message.startsWith("SERIAL is not supported as conditional update commit consistency"))
      return true;
    const isPlain = [
      "You must use conditional updates",
      "Counter operations are inherently non-serializable",
    ];
    return isPlain.some((words) => error.message.startsWith(words)) ? false : undefined;
  }
}
