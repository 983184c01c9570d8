import { CLUSTERS } from "@helix/core";
import type { Status } from "@helix/operations";
import { Failure } from "../failures.ts";
import { clean } from "../output/clean.ts";
import { readFailure } from "../read-failure.ts";
import type { Session } from "../session.ts";
import type { Operator } from "./operator.ts";

/** An order over what was seen: where somebody else has ordered something meanwhile, rejects with what holds now. */
export async function overSeen<T>(operator: Operator, order: Promise<T>): Promise<T> {
  try {
    return await order;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "HELIX_CONTROL_CONFLICT") throw error;
    const now = await operator.status().catch(() => {
      throw error;
    });
    const sentences = CLUSTERS.map((cluster) => now.clusters[cluster].sentence);
    throw new Failure(
      ["Somebody else has ordered something meanwhile, and nothing was changed. Now:", ...sentences].join(
        "\n",
      ),
      { code: "HELIX_CONTROL_CONFLICT" },
    );
  }
}

/** How it is after an order. That it cannot be read makes the order no failure: then it is said, and undefined. */
export async function statusAfter(session: Session, operator: Operator): Promise<Status | undefined> {
  try {
    return await operator.status();
  } catch (error) {
    session.note(clean(`It is ordered. How it is now could not be read: ${readFailure(error).message}`));
    return undefined;
  }
}
