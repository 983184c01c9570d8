import type { Clock, Logger, ReplayExecutor } from "@helix/core";
import { loggedAudit, type TrafficHistory } from "@helix/operations";
import { TOKEN_LISTS } from "../config/rules.ts";
import type { ServiceConfig } from "../config/schema.ts";
import type { ReadFile } from "../config/sources.ts";
import type { OpenedQueue } from "../queue.ts";
import { clusterNames } from "../sessions.ts";
import type { AdminServer } from "./admin-server.ts";

/** What an operator's requests are about. */
export interface Running {
  readonly opened: OpenedQueue;
  readonly executor: ReplayExecutor;
  readonly traffic: TrafficHistory;
}

export interface StartAdminOptions {
  readonly config: ServiceConfig;
  /** Undefined while the queue is not open. */
  readonly running: () => Running | undefined;
  /** Aborted when the service is to stop. */
  readonly stop: AbortSignal;
  readonly readFile: ReadFile;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Resolves when the admin API listens. Without a token there is nothing of it: not even its code is loaded. Rejects with Node's error if it
 * cannot listen; the log has said so.
 */
export async function startAdmin(options: StartAdminOptions): Promise<AdminServer | undefined> {
  const { running, config, logger, stop: stopping, readFile, clock } = options;
  const { host, port, maxRatePerSecond: maxRate, runbookUrl } = config.admin;
  if (TOKEN_LISTS.every((list) => config.admin[list] === undefined)) {
    logger.info({}, "there is no admin API, since it has no token");
    return undefined;
  }
  const { startAdminServer } = await import("./admin-server.ts");
  const { loadPage, pageFolder } = await import("../page/page.ts");
  const page = config.admin.page ? await loadPage(pageFolder()) : undefined;
  const audit = loggedAudit(logger);
  const known = { audit, clock, clusterNames: clusterNames(config), maxRate, runbookUrl };
  const subject = () => {
    const now = running();
    if (now === undefined) return undefined;
    const { opened, executor, traffic } = now;
    const { queue, control } = opened;
    return { queue, control, executor, traffic: () => traffic.report(), ...known };
  };
  try {
    const context = { config: config.admin, subject, stopping, readFile, page, logger, clock };
    const admin = await startAdminServer(context);
    logger.info({ adminPort: admin.port }, "the admin API answers");
    return admin;
  } catch (error) {
    logger.error({ error, host, port }, "the admin API cannot listen; the service does not start");
    throw error;
  }
}
