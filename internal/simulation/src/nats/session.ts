import type { VirtualTime } from "../world/virtual-time.ts";
import { Pipe } from "./pipe.ts";
import { headerOf, NO_DATA, type Packet } from "./wire.ts";

/** What a client sends; as the protocol of NATS has it. */
export type UpFrame =
  | { readonly op: "SUB"; readonly sid: number; readonly subject: string }
  | { readonly op: "UNSUB"; readonly sid: number }
  | { readonly op: "PUB"; readonly packet: Packet }
  | { readonly op: "PING" };

export type DownFrame =
  | { readonly op: "MSG"; readonly sid: number; readonly packet: Packet }
  | { readonly op: "PONG" }
  | { readonly op: "ERR"; readonly subject: string };

/** The client's end of a connection, as the server sees it. */
export interface ClientEnd {
  /** As the process's own timers, which do not fire while it stands still. */
  readonly schedule: (callback: () => void, delayMs: number) => void;
  readonly receive: (frame: DownFrame) => void;
  /** The server has closed it. */
  readonly lost: () => void;
}

export interface SessionOptions {
  readonly time: VirtualTime;
  readonly latencyMs: () => number;
  /** To the leader, one way; undefined: the client is connected to it. */
  readonly hopMs: (() => number) | undefined;
  readonly onInterest: (subject: string, isOn: boolean) => void;
  readonly onPacket: (packet: Packet) => void;
  readonly onClosed: () => void;
  /** Whether JetStream listens to the subject. */
  readonly isServed: (subject: string) => boolean;
}

type ToLeader = { readonly subject: string; readonly isOn: boolean } | { readonly packet: Packet };

interface Send<T> {
  send(item: T): void;
}

/**
 * One connection between a client and the server that it has reached. That server answers a ping itself, and knows at
 * once what the client listens to; the leader, which may be another one, hears of it a hop later: what it sends to a
 * subscription that is gone here reaches nobody.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #client: ClientEnd;
  readonly #up: Pipe<UpFrame>;
  readonly #down: Pipe<DownFrame>;
  readonly #toLeader: Send<ToLeader>;
  readonly #fromLeader: Send<{ readonly to: string; readonly packet: Packet }>;
  readonly #subjects = new Map<number, string>();
  readonly #sids = new Map<string, number>();
  #isOpen = true;
  #isCut = false;

  constructor(client: ClientEnd, options: SessionOptions) {
    this.#client = client;
    this.#options = options;
    const { time, latencyMs, hopMs } = options;
    const nowMs = () => time.nowMs;
    const quietly = (callback: () => void, delayMs: number) => void time.scheduleQuietly(callback, delayMs);
    const hop = <T>(deliver: (item: T) => void): Send<T> =>
      hopMs === undefined
        ? { send: deliver }
        : new Pipe<T>({ nowMs, latencyMs: hopMs, schedule: quietly, deliver });
    this.#up = new Pipe({ nowMs, latencyMs, schedule: quietly, deliver: (frame) => this.#received(frame) });
    this.#down = new Pipe({
      nowMs,
      latencyMs,
      schedule: client.schedule,
      deliver: (frame) => client.receive(frame),
    });
    this.#toLeader = hop((item) => {
      if ("packet" in item) options.onPacket(item.packet);
      else if (this.#isOpen || !item.isOn) options.onInterest(item.subject, item.isOn);
    });
    this.#fromLeader = hop(({ to, packet }) => {
      const sid = this.#sidOf(to);
      if (sid !== undefined) this.#down.send({ op: "MSG", sid, packet });
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From the client. */
  send(frame: UpFrame): void {
    this.#up.send(frame);
  }

  /** From the leader. */
  deliver(to: string, packet: Packet): void {
    this.#fromLeader.send({ to, packet });
  }

  /** The user has not the right to publish there. */
  forbid(subject: string): void {
    this.#down.send({ op: "ERR", subject });
  }

  /** The network between them is gone: neither hears of the other, and neither is told. */
  cut(arrives: boolean): void {
    this.#isCut = true;
    this.#up.cut(arrives);
    this.#down.cut(false);
  }

  /** The server has noticed that it is gone, or closes it, of which the client hears while there is a network between them. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const isHeard = !this.#isCut;
    this.cut(false);
    this.#options.onClosed();
    if (isHeard) this.#client.lost();
  }

  /** The client has closed it, or is no more: what it has sent arrives before that. */
  closedByClient(): void {
    this.cut(true);
    this.#options.time.scheduleQuietly(() => {
      if (!this.#isOpen) return;
      this.#isOpen = false;
      this.#options.onClosed();
    }, 2);
  }

  #received(frame: UpFrame): void {
    if (!this.#isOpen) return;
    switch (frame.op) {
      case "PING":
        this.#down.send({ op: "PONG" });
        return;
      case "SUB":
        this.#subjects.set(frame.sid, frame.subject);
        this.#sids.set(frame.subject, frame.sid);
        this.#toLeader.send({ subject: frame.subject, isOn: true });
        return;
      case "UNSUB": {
        const subject = this.#subjects.get(frame.sid);
        if (subject === undefined) return;
        this.#subjects.delete(frame.sid);
        this.#sids.delete(subject);
        this.#toLeader.send({ subject, isOn: false });
        return;
      }
      case "PUB":
        this.#publish(frame.packet);
    }
  }

  #publish(packet: Packet): void {
    const { subject, reply } = packet;
    const own = this.#sidOf(subject);
    if (own !== undefined) this.#down.send({ op: "MSG", sid: own, packet });
    else if (this.#options.isServed(subject)) this.#toLeader.send({ packet });
    else if (reply !== "") {
      const sid = this.#sidOf(reply);
      const answer = {
        subject: reply,
        reply: "",
        header: headerOf("503", [["Nats-Subject", subject]]),
        data: NO_DATA,
      };
      if (sid !== undefined) this.#down.send({ op: "MSG", sid, packet: answer });
    }
  }

  #sidOf(subject: string): number | undefined {
    return this.#sids.get(subject) ?? this.#sids.get(`${subject.slice(0, subject.lastIndexOf("."))}.*`);
  }
}
