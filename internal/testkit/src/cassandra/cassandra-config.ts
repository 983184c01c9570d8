/** What differs between nodes. */
export interface CassandraConfig {
  readonly clusterName: string;
  /** For other nodes, of which there are none. */
  readonly listenAddress: string;
  readonly storagePort: number;
  /** For clients; `0.0.0.0` for all interfaces. */
  readonly rpcAddress: string;
  readonly port: number;
  /** Where the data goes. */
  readonly dataDirectory: string;
}

/** A complete cassandra.yaml (JSON is YAML). A null or an unknown key would stop the start. */
export function cassandraYaml(config: CassandraConfig): string {
  const { clusterName, listenAddress, storagePort, rpcAddress, port, dataDirectory } = config;
  const seeds = `${listenAddress}:${storagePort}`;
  const settings = {
    cluster_name: clusterName,
    partitioner: "org.apache.cassandra.dht.Murmur3Partitioner",
    endpoint_snitch: "SimpleSnitch", // the data centre is then "datacenter1"
    num_tokens: 1,
    seed_provider: [
      { class_name: "org.apache.cassandra.locator.SimpleSeedProvider", parameters: [{ seeds }] },
    ],
    // Cassandra's own default, periodic, loses acknowledged rows on kill -9, and one node has no replica to
    // make good for it: a test that kills a node would measure that loss instead of ours.
    commitlog_sync: "batch",
    listen_address: listenAddress,
    storage_port: storagePort,
    ssl_storage_port: storagePort,
    rpc_address: rpcAddress,
    ...(rpcAddress === "0.0.0.0" ? { broadcast_rpc_address: listenAddress } : {}),
    native_transport_port: port,
    data_file_directories: [`${dataDirectory}/data`],
    commitlog_directory: `${dataDirectory}/commitlog`,
    hints_directory: `${dataDirectory}/hints`,
    saved_caches_directory: `${dataDirectory}/saved_caches`,
    auto_snapshot: false, // TRUNCATE would write one
    // Off by default. What they do to a write that is sent twice is part of what is tested.
    materialized_views_enabled: true,
    user_defined_functions_enabled: true,
    hinted_handoff_enabled: false,
    file_cache_size: "32MiB",
  };
  return JSON.stringify(settings, null, 2);
}

/** System properties and flags for a quick start: the same for a process and a container. */
export const FAST_START = [
  "-XX:TieredStopAtLevel=1", // halves the processor time of a start
  "-Dcassandra.memtable.row_overhead_size=180", // else it is measured at every start, for seconds
  "-Dcassandra.ring_delay_ms=0",
  "-Dcassandra.skip_wait_for_gossip_to_settle=0",
  "-Dcassandra.superuser_setup_delay_ms=0",
  // Not -Dcassandra.unsafesystem=true: it saves half a second, but the schema is gone after a kill -9.
] as const;

/**
 * B is in another time zone than A, as clusters of two regions are: a literal that a coordinator reads by its own clock
 * comes out differently.
 */
export const TIME_ZONE = {
  A: "-Duser.timezone=UTC",
  B: "-Duser.timezone=America/New_York",
} as const;

const unnamed = (flag: string, modules: readonly string[]) =>
  modules.map((module) => `${flag}=${module}=ALL-UNNAMED`);

/** The flags of a bare JVM, outside the official image, which brings its own. */
export const JVM_FLAGS = [
  // Cassandra's conf/jvm17-server.options, without jdk.compiler: functions in Java are compiled without it.
  ...unnamed("--add-exports", [
    "java.base/java.lang.ref",
    "java.base/jdk.internal.misc",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.attach/sun.tools.attach",
    "jdk.unsupported/sun.misc",
  ]),
  ...unnamed("--add-opens", [
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.util",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.management/com.sun.management.internal",
  ]),
  "-Djdk.attach.allowAttachSelf=true",
  "-Dio.netty.tryReflectionSetAccessible=true",
  "-Djava.security.manager=allow", // for Java 21; harmless on 17
  "-Xms64m", // the same as -Xmx would take all of it at once
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:+ExitOnOutOfMemoryError",
  ...FAST_START,
] as const;

/** Everything to the standard output, which goes to the node's log file. */
export const LOGBACK = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level %d{HH:mm:ss.SSS} %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
`;
