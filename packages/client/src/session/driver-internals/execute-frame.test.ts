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

test("values that another session has made bytes of are copied once, and are made anew of other types, or where they are many", () => {
  const drivers = () => Buffer.from(FRAME, "hex");
  let encoded = 0;
  const counting = () => {
    const one = encoder();
    executeFrame(request(), one, 7, drivers, TYPES);
    return Object.assign(one, {
      encode: (value: unknown, type: never) => {
        encoded++;
        return ANY_MODE.encode(value, type);
      },
    });
  };
  const [one, another] = [counting(), counting()];
  const frameBy = (by: object, shared: SharedValues, params: unknown, types = TYPES) => {
    encoded = 0;
    return [executeFrame(request({ params }), by, 7, none, types, shared)?.toString("hex"), encoded];
  };
  const { params } = request();
  const shared = new SharedValues();
  expect(frameBy(one, shared, params)).toEqual([FRAME, 3]);
  expect(frameBy(another, shared, params, [{ code: 0x0d }, ...TYPES.slice(1)])).toEqual([FRAME, 3]);
  expect(frameBy(another, shared, params, structuredClone(TYPES))).toEqual([FRAME, 0]);
  expect(frameBy(another, shared, params)).toEqual([FRAME, 3]);
  const many = ["x".repeat(16_384), null, null];
  expect(frameBy(one, new SharedValues(), many)[1]).toBe(3);
  const large = new SharedValues();
  expect(frameBy(one, large, many)).toEqual(frameBy(another, large, many));
  expect(encoded).toBe(3);
});
