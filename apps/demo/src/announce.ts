import type { ClientEvents, ClusterId, EventSource, WorkerEvents } from "@helix/core";

/** Says when writes begin and cease to be queued; a failed trial in between is no news. */
export function announceClient(client: EventSource<ClientEvents>, say: (text: string) => void): void {
  const away = new Set<ClusterId>();
  client.on("cluster:breaker:opened", ({ cluster }) => {
    if (!away.has(cluster)) say(`client: breaker of ${cluster} opened, writes to it are queued`);
    away.add(cluster);
  });
  client.on("cluster:breaker:closed", ({ cluster }) => {
    away.delete(cluster);
    say(`client: breaker of ${cluster} closed, writes go to it again`);
  });
}

/** Says when the replay begins. */
export function announceWorker(worker: EventSource<WorkerEvents>, say: (text: string) => void): void {
  worker.on("cluster:breaker:closed", ({ cluster }) => say(`worker: cluster ${cluster} answers, replaying`));
}
