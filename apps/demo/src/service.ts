import type { Stage } from "./stage.ts";
export async function playService(_stage: Stage): Promise<boolean> {
  throw new Error("not yet");
}
