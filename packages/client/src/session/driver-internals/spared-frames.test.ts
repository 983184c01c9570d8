import { expect, test } from "vitest";
import { spareFrames } from "./spared-frames.ts";

class FakeConnection {
  readonly options = { pooling: { heartBeatInterval: 5_000 } };
  readonly lines: unknown[] = [];
  timersSet = 0;
  _idleTimeout: object | null = null;

  log(level: string, line: string): void {
    this.lines.push(`${level} ${line}`);
  }

  _setIdleTimeout(): void {
    this.timersSet++;
    this._idleTimeout = {};
  }
}

test("the timer of a connection's silence is set anew four times a second, and at once after it was closed", () => {
  const connection = new FakeConnection();
  let nowMs = 0;
  spareFrames(
    connection,
    () => nowMs,
    () => true,
  );
  for (; nowMs < 1_000; nowMs++) connection._setIdleTimeout();
  expect(connection.timersSet).toBe(4);
  connection._idleTimeout = null;
  connection._setIdleTimeout();
  expect([connection.timersSet, connection._idleTimeout]).toEqual([5, {}]);
});

test("a short silence is known to a tenth", () => {
  const connection = Object.assign(new FakeConnection(), {
    options: { pooling: { heartBeatInterval: 100 } },
  });
  let nowMs = 0;
  spareFrames(
    connection,
    () => nowMs,
    () => true,
  );
  for (; nowMs < 100; nowMs++) connection._setIdleTimeout();
  expect(connection.timersSet).toBe(10);
});

test("lines on frames are told where somebody hears them, and all others always", () => {
  const connection = new FakeConnection();
  let isHeard = false;
  spareFrames(
    connection,
    () => 0,
    () => isHeard,
  );
  connection.log("verbose", "one");
  connection.log("warning", "two");
  isHeard = true;
  connection.log("verbose", "three");
  expect(connection.lines).toEqual(["warning two", "verbose three"]);
});

test("a connection that is built otherwise is left as it is", () => {
  const { _idleTimeout, ...without } = new FakeConnection();
  for (const connection of [{}, { _setIdleTimeout() {} }, { ...without, _setIdleTimeout() {} }]) {
    const { _setIdleTimeout } = connection as { _setIdleTimeout?: unknown };
    spareFrames(
      connection,
      () => 0,
      () => true,
    );
    expect((connection as { _setIdleTimeout?: unknown })._setIdleTimeout).toBe(_setIdleTimeout);
  }
});
