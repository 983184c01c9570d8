import { types } from "cassandra-driver";
import { expect, test } from "vitest";
import { ANY_MODE } from "../../bindings/driver-encoder.ts";
import { executeFrame, type SentRequest } from "./execute-frame.ts";
import { SharedValues } from "./shared-values.ts";

const none = () => undefined;
const TYPES = Array(3).fill({ code: 0x0a });

function request(more: object = {}, options: object = {}): SentRequest {
  return {
    queryId: Buffer.from("id"),
    params: ["é", null, types.unset],
    meta: undefined,
    consistency: 6,
    timestamp: types.Long.fromNumber(-2),
    options: {
      getFetchSize: () => 5000,
      isQueryTracing: none,
      getCustomPayload: none,
      getPageState: none,
      getSerialConsistency: none,
      ...options,
    },
    write: none,
    ...more,
  };
}

/** By the specification of the protocol, version 4, sections 2 and 4.1.6. */
const FRAME = [
  "04 00 0007 0a 00000023",
  "0002 6964 0006 25",
  "0003 00000002 c3a9 ffffffff fffffffe",
  "00001388 fffffffffffffffe",
]
  .join("")
  .replaceAll(" ", "");

/** As a session has one of its own. */
const encoder = () => Object.assign(Object.create(ANY_MODE), { protocolVersion: 4 });

test("the first frame is the driver's, the others are made in one go, and are the same", () => {
  const one = encoder();
  const drivers = Buffer.from(FRAME, "hex");
  expect(executeFrame(request(), one, 7, () => drivers, TYPES)).toBe(drivers);
  const asked = () => {
    throw new Error("The driver was asked again");
  };
  expect(executeFrame(request(), one, 7, asked, TYPES)?.toString("hex")).toBe(FRAME);
});

test("a driver that makes other bytes of the first one makes all of them", () => {
  const one = encoder();
  const drivers = Buffer.from(`${FRAME}00`, "hex");
  expect(executeFrame(request(), one, 7, () => drivers, TYPES)).toBe(drivers);
  expect(executeFrame(request(), one, 7, () => drivers, TYPES)).toBeUndefined();
});

test.each([
  ["a trace", request({}, { isQueryTracing: () => true })],
  ["a payload of its own", request({}, { getCustomPayload: () => ({}) })],
  ["a page", request({}, { getPageState: () => Buffer.alloc(1) })],
  ["a serial consistency", request({}, { getSerialConsistency: () => 8 })],
  ["no values", request({ params: [] })],
  ["no timestamp", request({ timestamp: null })],
])("the driver makes a frame with %s", (_, one) => {
  expect(executeFrame(one, encoder(), 7, none, TYPES)).toBeUndefined();
});

test("the driver makes the frames of other versions of the protocol", () => {
  expect(
    executeFrame(request(), Object.assign(encoder(), { protocolVersion: 3 }), 7, none, TYPES),
  ).toBeUndefined();
});

test("values that another session has made bytes of are copied, and those of other types are made anew", () => {
  const [one, another] = [encoder(), encoder()];
  const shared = new SharedValues();
  const drivers = () => Buffer.from(FRAME, "hex");
  for (const [made, encoder] of [one, another].entries()) {
    const first = executeFrame(request(), encoder, 7, drivers, TYPES);
    expect([made, first?.toString("hex")]).toEqual([made, FRAME]);
  }
  const { params } = request();
  const written: unknown[] = [];
  const counted = (of: object) =>
    Object.assign(of, {
      encode: (value: unknown, type: never) => written.push(value) && ANY_MODE.encode(value, type),
    });
  counted(one);
  counted(another);
  const frameBy = (encoder: object, types: object[]) =>
    executeFrame(request({ params }), encoder, 7, none, types as never, shared)?.toString("hex");
  expect(frameBy(one, TYPES)).toBe(FRAME);
  expect(written).toHaveLength(3);
  expect(frameBy(another, structuredClone(TYPES))).toBe(FRAME);
  expect(written).toHaveLength(3);
  expect(frameBy(another, [{ code: 0x0d }, ...TYPES.slice(1)])).toBe(FRAME);
  expect(written).toHaveLength(6);
});
