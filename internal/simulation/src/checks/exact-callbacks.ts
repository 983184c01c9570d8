import type { CheckFactory } from "./check.ts";

type Name = "onSuccess" | "onError" | "onDrop";

/**
 * `onError` once for each execution that failed, `onSuccess` and `onDrop` once for each end that the queue
 * has confirmed: of every delivery that a living worker finishes. Of a process that died, no more than that.
 */
export const exactCallbacks: CheckFactory = (world, violated) => {
  const expected = new Map<string, number>();
  const called = new Map<string, number>();
  const died = new Set<string>();
  const count = (counts: Map<string, number>, pod: string, name: Name, message: string) => {
    const key = `${pod} ${name} ${message}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    name: "exact callbacks",
    see(event) {
      switch (event.kind) {
        case "end": {
          const { delivery, outcome, ignored } = event;
          if (!ignored && (outcome === "uncertain" || outcome === "rejected")) {
            count(expected, delivery.pod, "onError", delivery.message);
          }
          break;
        }
        case "settled":
          if (event.error !== undefined || event.how === "release") break;
          count(
            expected,
            event.delivery.pod,
            event.how === "ack" ? "onSuccess" : "onDrop",
            event.delivery.message,
          );
          break;
        case "callback":
          count(called, event.pod, event.name, event.message);
          break;
        case "died":
          died.add(event.process);
      }
    },
    atRest() {
      for (const key of new Set([...expected.keys(), ...called.keys()])) {
        const [pod = "", name, message = ""] = key.split(" ");
        const [want, got] = [expected.get(key) ?? 0, called.get(key) ?? 0];
        if (died.has(pod) ? got > want : got !== want) {
          violated(`${name} of ${world.tape.nameOf(message)} on ${pod}: ${got} times instead of ${want}`);
        }
      }
    },
  };
};
