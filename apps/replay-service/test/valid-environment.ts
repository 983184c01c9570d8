/** The least that is a valid configuration. */
export const VALID = Object.freeze({
  HELIX_NATS_SERVERS: "nats-1:4222,nats-2:4222",
  HELIX_CLUSTER_A_CONTACT_POINTS: "10.0.0.1,10.0.0.2:9142",
  HELIX_CLUSTER_A_LOCAL_DATA_CENTER: "dc1",
  HELIX_CLUSTER_B_CONTACT_POINTS: "10.1.0.1",
  HELIX_CLUSTER_B_LOCAL_DATA_CENTER: "dc2",
});

/** Files as a test has them, instead of a disk. */
export function filesOf(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const content = files[path];
    if (content !== undefined) return content;
    const error = new Error(`ENOENT: no such file or directory, open '${path}'`);
    throw Object.assign(error, { code: "ENOENT", syscall: "open" });
  };
}

/** That of a process which a test starts: on these clusters, with its probes on a free port. */
export function environmentOf(
  clusters: Readonly<Record<"A" | "B", { readonly contactPoint: string }>>,
  more: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    HELIX_CLUSTER_A_CONTACT_POINTS: clusters.A.contactPoint,
    HELIX_CLUSTER_A_LOCAL_DATA_CENTER: "datacenter1",
    HELIX_CLUSTER_B_CONTACT_POINTS: clusters.B.contactPoint,
    HELIX_CLUSTER_B_LOCAL_DATA_CENTER: "datacenter1",
    HELIX_HTTP_HOST: "127.0.0.1",
    HELIX_HTTP_PORT: "0",
    ...more,
  };
}
