/** What is installed for each deployment, as the READMEs say. */
export const INSTALLS = {
  memory: "@helix/client @helix/replayer-memory @helix/worker @helix/core cassandra-driver",
  nats: "@helix/client @helix/replayer-nats @helix/worker @helix/core cassandra-driver",
  enqueuer: "@helix/client @helix/replayer-nats cassandra-driver",
} as const;
