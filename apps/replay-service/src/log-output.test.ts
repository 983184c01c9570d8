import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { LogOutput } from "./log-output.ts";

/** Keeps what it is given while nobody reads. */
class Pipe extends EventEmitter {
  readonly read: string[] = [];
  readonly #kept: string[] = [];
  stands = false;
  writableLength = 0;

  write(text: string): void {
    if (this.stands) this.writableLength += text.length;
    (this.stands ? this.#kept : this.read).push(text);
  }

  goOn(): void {
    this.writableLength = 0;
    this.stands = false;
    this.read.push(...this.#kept.splice(0));
    this.emit("drain");
  }
}

function setUp() {
  const pipe = new Pipe();
  const output: LogOutput = new LogOutput(pipe, (lines) => output.write(`${lines} dropped\n`));
  return { pipe, output };
}

describe("the output of the log", () => {
  test("keeps at most a megabyte for a reader that stands still, and says how many lines it dropped", () => {
    const { pipe, output } = setUp();
    pipe.stands = true;
    for (let n = 0; n < 3_000; n++) output.write(`${"x".repeat(999)}\n`);
    expect(pipe.writableLength).toBeLessThanOrEqual(1_048_576);
    pipe.goOn();
    expect(pipe.read).toHaveLength(1_048);
    output.write("news\n");
    output.write("more\n");
    expect(pipe.read.slice(1_048)).toEqual(["1952 dropped\n", "news\n", "more\n"]);
  });

  test("writes nothing more to a reader that is gone, and is done at once", () => {
    const { pipe, output } = setUp();
    pipe.emit("error", Object.assign(new Error("gone"), { code: "EPIPE" }));
    output.write("news\n");
    expect(pipe.read).toEqual([]);
    let done = 0;
    output.drain(60_000, () => done++);
    expect(done).toBe(1);
  });

  test("is done when the reader has all, or when the time is over, once", async () => {
    const { pipe, output } = setUp();
    let done = 0;
    pipe.stands = true;
    output.write("last\n");
    output.drain(60_000, () => done++);
    expect(done).toBe(0);
    pipe.goOn();
    expect(done).toBe(1);
    pipe.stands = true;
    output.write("last\n");
    await new Promise<void>((resolve) => output.drain(1, resolve));
    pipe.goOn();
    expect(done).toBe(1);
  });
});
