import { Server } from "node:net";
import { expect, test, vi } from "vitest";
import { listen } from "./probe-server.ts";

test("connections that cannot be taken are told, each of them, and the others are answered", async () => {
  const listening = vi.spyOn(Server.prototype, "listen");
  const told: unknown[] = [];
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    routes: { "/livez": (_, response) => void response.end("alive") },
    onError: (error) => told.push(error),
  });
  const [contexts] = listening.mock.contexts as Server[];
  listening.mockRestore();
  const errors = [1, 2, 3].map(() => new Error("accept EMFILE"));
  for (const error of errors) contexts?.emit("error", error);
  expect(told).toEqual(errors);
  expect(await (await fetch(`http://127.0.0.1:${server.port}/livez`)).text()).toBe("alive");
  await server.close();
});
