import type { ContainerRuntimeClient } from "testcontainers";
import { ProviderUnavailableError, type StartContext } from "./first-usable.ts";

const FIND_TIMEOUT_MS = 15_000;
const PULL_TIMEOUT_MS = 300_000;

/**
 * A container engine that answers and has the image, or can get it in five minutes. Rejects with
 * `ProviderUnavailableError` otherwise: an engine that cannot get the image is no engine.
 */
export async function findDockerEngine(
  image: string,
  { onProgress, signal }: StartContext,
): Promise<ContainerRuntimeClient> {
  // Imported here, as it takes half a second and needs a newer Node than some who never come here.
  const { getContainerRuntimeClient, getReaper } = await import("testcontainers");
  const engine = await within(FIND_TIMEOUT_MS, signal, getContainerRuntimeClient()).catch(() => {
    throw new ProviderUnavailableError("no Docker engine answers");
  });
  if (!(await hasImage(engine, image))) {
    onProgress(`Pulling ${image}`);
    await pull(engine, image, signal);
  }
  // The container that removes the others when this process is gone, however it went.
  await within(PULL_TIMEOUT_MS, signal, getReaper(engine)).catch((error) => {
    const way =
      "TESTCONTAINERS_RYUK_DISABLED=true does without it, but a killed run leaves its containers then";
    throw new ProviderUnavailableError(`testcontainers' Ryuk does not start (${reason(error)}); ${way}`);
  });
  return engine;
}

async function hasImage(engine: ContainerRuntimeClient, image: string): Promise<boolean> {
  const { dockerode } = engine.container;
  return dockerode
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

async function pull(engine: ContainerRuntimeClient, image: string, signal: AbortSignal): Promise<void> {
  const { dockerode } = engine.container;
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(PULL_TIMEOUT_MS)]);
  try {
    const progress = await dockerode.pull(image, { abortSignal });
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw new ProviderUnavailableError(
      `the engine has no image ${image} and cannot pull it (${reason(error)})`,
    );
  }
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}

/**
 * What `promise` comes to, unless time is up or the signal aborts before. What it comes to later is ignored.
 */
async function within<T>(ms: number, signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp = () => {};
  const given = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.aborted ? signal.reason : new Error(`no answer in ${ms / 1_000} s`));
    timer = setTimeout(giveUp, ms);
    signal.addEventListener("abort", giveUp);
  });
  try {
    return await Promise.race([promise, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
