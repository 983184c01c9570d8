import type { Finding, LaneDepth } from "@helix/core";

export function stuckFindings(depths: readonly LaneDepth[]): Finding[] {
  return depths
    .filter(({ stuck }) => stuck > 0)
    .map(({ lane, stuck }) => ({
      code: "stuck",
      harm: "standstill",
      where: `lane ${lane}`,
      what: `The server holds ${stuck} of its messages and owes them to nobody: they are not delivered.`,
      cure: "A worker brings them back within a minute or two; if they stay, look at its log.",
    }));
}

export function strayFindings(count: number, stream: string): Finding[] {
  if (count === 0) return [];
  return [
    {
      code: "strays",
      harm: "loss",
      where: `stream ${stream}`,
      what: `${count} of its messages are in no lane: nobody replays them.`,
      cure: 'Look at them by `strays.list()`; when all pods are of this version, `provision: "update"` narrows the stream to its lanes.',
    },
  ];
}
