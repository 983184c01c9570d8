const LANES = ["high.A", "low.A", "high.B", "low.B"];

/** A request to the JetStream API. */
export interface ApiRequest {
  readonly subject: string;
  readonly body: object;
}

/**
 * What the Go library, `arloliu/helix`, asks of the server: first for its stream, then for the consumer of each
 * lane.
 */
export function goStreamRequests(names: {
  readonly streamName: string;
  readonly subjectPrefix: string;
}): readonly [ApiRequest, ...ApiRequest[]] {
  const { streamName, subjectPrefix } = names;
  const stream = {
    name: streamName,
    description: "Helix dual-cluster replay queue",
    subjects: [`${subjectPrefix}.*.*`],
    retention: "workqueue",
    storage: "file",
    discard: "old",
    max_age: 86_400_000_000_000,
    max_msgs: 1_000_000,
    max_bytes: 1_073_741_824,
    max_consumers: -1,
    num_replicas: 1,
  };
  const consumers = LANES.map((lane): ApiRequest => {
    const name = `helix-worker-${lane.replace(".", "-")}`;
    const filter = `${subjectPrefix}.${lane}`;
    const config = {
      durable_name: name,
      filter_subject: filter,
      ack_policy: "explicit",
      ack_wait: 30_000_000_000,
      deliver_policy: "all",
      replay_policy: "instant",
      max_deliver: 5,
      max_ack_pending: 1000,
      max_batch: 100,
    };
    const subject = `$JS.API.CONSUMER.CREATE.${streamName}.${name}.${filter}`;
    return { subject, body: { stream_name: streamName, config } };
  });
  return [{ subject: `$JS.API.STREAM.CREATE.${streamName}`, body: stream }, ...consumers];
}
