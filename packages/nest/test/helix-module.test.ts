import { HelixClient } from "@helix/client";
import { MemoryReplayer } from "@helix/replayer-memory";
import { reply, startScriptedPair, waitFor } from "@helix/testkit";
import { replay } from "@helix/worker";
import { Controller, type DynamicModule, Get, Inject, Module } from "@nestjs/common";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { HealthCheckService, TerminusModule } from "@nestjs/terminus";
import { Test } from "@nestjs/testing";
import { expect, test } from "vitest";
import { HelixHealthIndicator, HelixModule } from "../src/index.ts";

const INSERT = "INSERT INTO ks.t (id) VALUES (?)";

class UsersController {
  readonly client: HelixClient;
  readonly health: HealthCheckService;
  readonly helix: HelixHealthIndicator;

  constructor(client: HelixClient, health: HealthCheckService, helix: HelixHealthIndicator) {
    this.client = client;
    this.health = health;
    this.helix = helix;
  }

  async write() {
    return (await this.client.execute(INSERT, ["1"])).writes;
  }

  check() {
    return this.health.check([() => this.helix.check("cassandra")]);
  }
}
Controller()(UsersController);
for (const [index, token] of [HelixClient, HealthCheckService, HelixHealthIndicator].entries()) {
  Inject(token)(UsersController, undefined, index);
}
for (const name of ["write", "check"] as const) {
  const method = Object.getOwnPropertyDescriptor(UsersController.prototype, name);
  if (method !== undefined) Get(name)(UsersController.prototype, name, method);
}

async function applicationWith(helix: DynamicModule): Promise<NestFastifyApplication> {
  class UsersModule {}
  Module({
    imports: [TerminusModule],
    controllers: [UsersController],
    providers: [HelixHealthIndicator],
  })(UsersModule);
  const testing = await Test.createTestingModule({ imports: [UsersModule, helix] }).compile();
  const application = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
    logger: false,
  });
  await application.init();
  return application;
}

async function get(application: NestFastifyApplication, path: string) {
  const { statusCode, body } = await application.inject(path);
  return { status: statusCode, body: JSON.parse(body) };
}

test("forRoot gives the whole application a client that is connected", async () => {
  await using pair = await startScriptedPair();
  const application = await applicationWith(HelixModule.forRoot(pair.options));
  expect(await get(application, "/write")).toEqual({ status: 200, body: { A: "applied", B: "applied" } });
  await application.close();
});

test("forRootAsync makes the options of what is injected", async () => {
  await using pair = await startScriptedPair();
  class Config {}
  Module({ providers: [{ provide: "pair", useValue: pair.options }], exports: ["pair"] })(Config);
  const application = await applicationWith(
    HelixModule.forRootAsync({
      imports: [Config],
      inject: ["pair"],
      useFactory: async (options: (typeof pair)["options"]) => options,
    }),
  );
  expect((await get(application, "/write")).body).toEqual({ A: "applied", B: "applied" });
  await application.close();
});

test("health is up, degraded while one cluster is away, and down while both are", async () => {
  await using pair = await startScriptedPair();
  const application = await applicationWith(HelixModule.forRoot(pair.options));
  const client = application.get(HelixClient);
  const away = (cluster: "A" | "B") =>
    waitFor(() => client.clusterStates[cluster]?.connected === false, {
      timeoutMs: 10_000,
      describe: () => `cluster ${cluster} is away`,
    });
  expect(await get(application, "/check")).toMatchObject({
    status: 200,
    body: { status: "ok", details: { cassandra: { status: "up" } } },
  });
  await pair.B.setDown();
  await away("B");
  expect(await get(application, "/check")).toMatchObject({
    status: 200,
    body: {
      status: "degraded",
      details: { cassandra: { status: "degraded", clusters: { B: { connected: false } } } },
    },
  });
  await pair.A.setDown();
  await away("A");
  expect(await get(application, "/check")).toMatchObject({
    status: 503,
    body: { status: "error", details: { cassandra: { status: "down" } } },
  });
  await application.close();
});

test("a shutdown answers the last request, then stops the worker, ends the sessions, and closes the queue", async () => {
  const order: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrive = () => {};
  const asked = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await using pair = await startScriptedPair(async () => {
    arrive();
    await released;
    return reply.void;
  });
  const queue = new MemoryReplayer();
  const application = await applicationWith(
    HelixModule.forRoot({
      ...pair.options,
      replayer: queue,
      onCreated: async (client) => {
        const worker = await replay(client, { queue });
        worker.on("worker:stopped", () => order.push("worker stopped"));
      },
      onClosed: async () => {
        order.push(`sessions ended: ${pair.A.connections === 0}`);
        await queue.close();
      },
    }),
  );
  const { client } = application.get(UsersController);
  const write = application.inject("/write").then(() => order.push("answered"));
  await asked;
  release();
  await write;
  await application.close();
  expect(order).toEqual(["answered", "worker stopped", "sessions ended: true"]);
  await expect(client.execute(INSERT, ["1"])).rejects.toMatchObject({ code: "HELIX_CLIENT_CLOSED" });
});

test("an application whose client cannot connect in time does not start, and nothing is left", async () => {
  const cluster = { contactPoints: ["127.0.0.1:1"], localDataCenter: "dc1" };
  let closed = 0;
  const helix = HelixModule.forRoot({
    clusters: { A: cluster, B: cluster },
    connect: { signal: AbortSignal.timeout(50) },
    onClosed: () => closed++,
  });
  await expect(applicationWith(helix)).rejects.toMatchObject({ name: "TimeoutError" });
  expect(closed).toBe(1);
});
