import "reflect-metadata";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { applicationModule } from "./application-module.ts";

const [a = "127.0.0.1:9042", b = "127.0.0.1:9043", port = "3000"] = process.argv.slice(2);

const application = await NestFactory.create(applicationModule(a, b), new FastifyAdapter(), {
  logger: ["error", "warn"],
});
// Without it SIGTERM ends the process with what is under way.
application.enableShutdownHooks(undefined, { useProcessExit: true });
await application.listen(Number(port));
console.log("listening on", await application.getUrl());
