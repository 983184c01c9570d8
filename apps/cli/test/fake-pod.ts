import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** Whoever listens where a pod should, for misbehaviour that a real one will not show on demand. */
export class FakePod implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #server: Server;

  private constructor(answer: (asked: Asked, response: ServerResponse) => void) {
    this.#server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        const one = { method, path, headers, body: text === "" ? undefined : JSON.parse(text) };
        this.asked.push(one);
        answer(one, response);
      });
    });
  }

  static async start(answer: (asked: Asked, response: ServerResponse) => void): Promise<FakePod> {
    const pod = new FakePod(answer);
    await new Promise<void>((resolve) => pod.#server.listen(0, "127.0.0.1", resolve));
    return pod;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function answerJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
