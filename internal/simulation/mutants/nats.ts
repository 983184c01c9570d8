import type { Mutant } from "../src/run/run-mutants.ts";

const LANES = "packages/replayer-nats/src/lanes";
const CHANNEL = `${LANES}/pull-channel.ts`;
const RECEIVER = `${LANES}/lane-receiver.ts`;
const SETTLEMENTS = `${LANES}/settlements.ts`;
const SETTLER = "packages/worker/src/hand/settler.ts";

const broken: readonly Omit<Mutant, "queue">[] = [
  {
    name: "NATS: a refused end is neither handed back nor forgotten",
    file: SETTLER,
    find: "    else await this.release(message, { delayMs: this.#refusedDelayMs(message) });",
    replace: "    else this.#refusedDelayMs(message);",
  },
  {
    name: "NATS: what is settled counts against what a lane may hold until its lease is over",
    file: SETTLEMENTS,
    find: "    lease.free();",
    replace: "",
  },
  {
    name: "NATS: an acknowledgement is told before the server is known to have it",
    file: SETTLEMENTS,
    find: "    this.#settle(new Settlement(lease, ACK, done));",
    replace: "    this.#settle(new Settlement(lease, ACK));\n    done();",
  },
  {
    name: "NATS: a lease moves before the server is known to have been told",
    file: SETTLEMENTS,
    find: "    this.#batch().extensions.push({ lease, untilMs });",
    replace: "    lease.moveTo(untilMs);",
    from: 1800,
  },
  {
    name: "NATS: a job begins letters of which its document does not know",
    file: "packages/operations/src/jobs/job-letters.ts",
    find: "    if (letters.length > 0) await this.#held.save();",
    replace: "",
  },
  {
    name: "NATS: an order is looked for once",
    file: "packages/replayer-nats/src/control/control-watches.ts",
    find: "    if (this.#cancelTimer === undefined) this.#lookIn(isNew ? LOOK_AGAIN_MS : Math.min(...delays));",
    replace: "    void [isNew, delays];",
  },
  {
    name: "NATS: what was ordered is not waited for at the start",
    file: "packages/core/src/control/stored-cluster-gate.ts",
    find: '    return all === undefined ? "paused" :',
    replace: '    return all === undefined ? "open" :',
  },
  {
    name: "NATS: a record that cannot be read is taken for none",
    file: `${LANES}/evidence.ts`,
    find: "      return { delayMs: this.#pauseMs(id, error) };",
    replace: "      return { record: { attempts: 0 } };",
  },
  {
    name: "NATS: what was not confirmed is not sent again after a reconnect",
    file: SETTLEMENTS,
    find: "        else this.#publish(lease.reply, verb);",
    replace: "",
  },
  {
    name: "NATS: what was delivered often is a suspect",
    file: `${LANES}/nats-message.ts`,
    find: "    return isSuspect(this.record);",
    replace: "    return isSuspect(this.record) || this.delivered.delivery.deliveries > 4;",
  },
  {
    name: "NATS: what is handed back while a queue closes comes back to it",
    file: RECEIVER,
    find: "    return this.#isClosing ? PARTING_DELAY_MS : 0;",
    replace: "    return 0;",
  },
  {
    name: "NATS: a close does not wait for what is on its way",
    file: CHANNEL,
    find: "    await this.#lastCall();",
    replace: "",
  },
  {
    name: "NATS: nothing is listened to while nothing is demanded",
    file: CHANNEL,
    find: "    this.#demanded = messages;",
    replace: "    this.#demanded = messages;\n    if (messages === 0) this.#forgetPulls();",
  },
  {
    name: "NATS: a consumer that is gone is not made again",
    file: CHANNEL,
    find: "    this.#backOff(isMissing(status) ? onMissing : undefined);",
    replace: "    void onMissing;\n    this.#backOff(undefined);",
  },
  {
    name: "NATS: a lane whose consumer is gone waits until everything is as it should be",
    file: "packages/replayer-nats/src/nats-replayer.ts",
    find: "this.#provisioning.oneRun()",
    replace: "this.#provisioning.again()",
    from: 2200,
  },
  {
    name: "NATS: what a killed server has stranded is never brought back",
    file: `${LANES}/stuck-messages.ts`,
    find: "    let broughtBack = 0;",
    replace: "    if (this.#floors.size >= 0) return 0;\n    let broughtBack = 0;",
    from: 800,
  },
  {
    name: "NATS: a publish that is not answered counts as stored",
    file: "packages/replayer-nats/src/enqueuer.ts",
    find: "      mayBeStored ||=",
    replace:
      '      if (failure.kind === "timeout" || failure.kind === "lost") return;\n      mayBeStored ||=',
  },
  {
    name: "NATS: a dead letter that could not be written is acknowledged",
    file: "packages/replayer-nats/src/dead-letters/letter-places.ts",
    find: '      if (failure.meaning === "conflict") return undefined;',
    replace:
      '      if (failure.errorCode === 10054) return 1;\n      if (failure.meaning === "conflict") return undefined;',
  },
];

/** The faults that the adapter once had, and some that it never should. */
export const natsMutants: readonly Mutant[] = broken.map((mutant) => ({ ...mutant, queue: "nats" }));
