/** The signals that stop the service, with their numbers. */
export const STOP_SIGNALS = Object.freeze({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 });
export type StopSignal = keyof typeof STOP_SIGNALS;

/**
 * Hears signals from its making on, and keeps them for whoever listens later. It is made before anything that takes
 * time to load: a process that is the first of its container does not get a signal that it has no listener for.
 */
export class StopSignals {
  readonly #kept: StopSignal[] = [];
  #listener: (signal: StopSignal) => void = (signal) => void this.#kept.push(signal);

  constructor(host: { on(event: string, listener: () => void): unknown }) {
    for (const signal of Object.keys(STOP_SIGNALS) as StopSignal[]) {
      host.on(signal, () => this.#listener(signal));
    }
    // Without a listener Node opens its inspector, to which whoever is on the machine can connect and run code here.
    host.on("SIGUSR1", () => {});
  }

  /** Hands over those that were kept, then each as it comes. */
  listen(listener: (signal: StopSignal) => void): void {
    this.#listener = listener;
    for (const signal of this.#kept.splice(0)) listener(signal);
  }
}
