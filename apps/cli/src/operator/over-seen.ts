import { CLUSTERS } from "@helix/core";
import { Failure } from "../failures.ts";
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
