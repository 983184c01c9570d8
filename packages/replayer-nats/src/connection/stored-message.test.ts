import { headers, type Msg } from "@nats-io/nats-core";
import { describe, expect, test } from "vitest";
import { headerBlockOf, readDirect } from "./stored-message.ts";

const DATA = new TextEncoder().encode("{}");

/** As of a library that does not tell the size of a message. */
function messageWith(headers: Msg["headers"] | (() => never)): Msg {
  const message = { subject: "_INBOX.1", data: DATA };
  return Object.defineProperty(message, "headers", {
    get: () => (typeof headers === "function" ? headers() : headers),
  }) as Msg;
}

describe("of a message whose size the library does not tell", () => {
  test("what a direct get answers is read by the headers that the library has read", () => {
    const told = headers();
    told.append("KV-Operation", "DEL");
    told.append("Nats-Stream", "KV_control");
    told.append("Nats-Subject", "$KV.control.gates");
    told.append("Nats-Sequence", "7");
    told.append("Nats-Time-Stamp", "2026-11-29T12:00:00Z");
    const read = readDirect("KV_control", headerBlockOf(messageWith(told)), Buffer.from(DATA));
    expect(read?.message).toMatchObject({ subject: "$KV.control.gates", seq: 7, data: Buffer.from(DATA) });
    expect(read?.message.headers.toString()).toBe("NATS/1.0\r\nKV-Operation: DEL\r\n\r\n");
  });

  test("the block begins with its status, where it has one", () => {
    const block = headerBlockOf(messageWith(headers(404, "Message Not Found")));
    expect(block.toString()).toBe("NATS/1.0 404 Message Not Found\r\n\r\n");
  });

  test("the block is empty for one without headers, or with some that cannot be read", () => {
    const odd = () => {
      throw new TypeError("bad header");
    };
    expect(headerBlockOf(messageWith(undefined))).toHaveLength(0);
    expect(headerBlockOf(messageWith(odd))).toHaveLength(0);
  });
});
