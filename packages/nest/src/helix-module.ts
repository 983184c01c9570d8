import { type ConnectOptions, HelixClient, type HelixClientOptions } from "@helix/client";
import type { DynamicModule, FactoryProvider, ModuleMetadata, OnApplicationShutdown } from "@nestjs/common";

/** The options of the client, and what belongs to its life in an application. */
export interface HelixModuleOptions extends HelixClientOptions {
  /** What `connect` is given; the application waits for that. @default `{ waitFor: "any" }` */
  readonly connect?: ConnectOptions | undefined;
  /** Called before it connects, and waited for: the place for `replay(client, { queue })`. @default none */
  readonly onCreated?: ((client: HelixClient) => unknown) | undefined;
  /** Called when the client has closed, and waited for: the place to close a queue that was made for it. @default none */
  readonly onClosed?: (() => unknown) | undefined;
}

/** How the options are made of what is injected. */
export interface HelixAsyncOptions {
  readonly imports?: ModuleMetadata["imports"];
  readonly inject?: FactoryProvider["inject"];
  // What is injected is of any type, as Nest has it.
  // biome-ignore lint/suspicious/noExplicitAny: the same as in FactoryProvider
  readonly useFactory: (...args: any[]) => HelixModuleOptions | Promise<HelixModuleOptions>;
}

const OPTIONS = Symbol("HelixModuleOptions");
const LIFE = Symbol("HelixLife");

/**
 * Provides a `HelixClient`, connected, to the whole application. When the application has shut down (its requests are
 * answered, its HTTP server is closed) the client closes: first its workers, then its sessions; `onClosed` follows. For
 * SIGTERM to do that the application needs `enableShutdownHooks()`.
 */
// Without decorators, which Node cannot run from source.
// biome-ignore lint/complexity/noStaticOnlyClass: a module is a class
export class HelixModule {
  static forRoot(options: HelixModuleOptions): DynamicModule {
    return HelixModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: HelixAsyncOptions): DynamicModule {
    const client = { provide: HelixClient, inject: [OPTIONS], useFactory: connected };
    const life = { provide: LIFE, inject: [HelixClient, OPTIONS], useFactory: lifeOf };
    const providers = [{ provide: OPTIONS, inject, useFactory }, client, life];
    return { module: HelixModule, global: true, imports, providers, exports: [HelixClient] };
  }
}

async function connected({
  connect,
  onCreated,
  onClosed,
  ...options
}: HelixModuleOptions): Promise<HelixClient> {
  const client = new HelixClient(options);
  try {
    await onCreated?.(client);
    await client.connect(connect);
    return client;
  } catch (error) {
    await close(client, onClosed);
    throw error;
  }
}

function lifeOf(client: HelixClient, { onClosed }: HelixModuleOptions): OnApplicationShutdown {
  return { onApplicationShutdown: () => close(client, onClosed) };
}

async function close(client: HelixClient, onClosed: HelixModuleOptions["onClosed"]): Promise<void> {
  try {
    await client.close();
  } finally {
    await onClosed?.();
  }
}
