import type { Client } from "cassandra-driver";
import { readError } from "../failure/read-error.ts";
import type { UnknownErrors } from "../failure/unknown-errors.ts";
import type { ClusterBreaker } from "./cluster-breaker.ts";
import { type Outstanding, OutstandingRequest } from "./outstanding.ts";
import type { SupervisedSession } from "./supervised-session.ts";

/** What somebody wants of a cluster. One of `applied` and `failed` is called, at least once; who is told twice ignores the second. */
export interface LinkRequest<T> {
  send(client: Client): Promise<T>;
  /** Called once with what `send` rejects with: another try, if there is to be one. */
  again?(client: Client, error: unknown): Promise<T> | undefined;
  /** Asked when its turn has come. */
  isWanted(): boolean;
  applied(result: T): void;
  failed(error: unknown): void;
}

/** What of a link a request deals with. */
export interface RequestSender {
  readonly session: Pick<SupervisedSession, "client">;
  readonly breaker: ClusterBreaker;
  readonly outstanding: Outstanding;
  readonly unknownErrors: UnknownErrors;
  readonly unavailableError: () => Error;
}

/**
 * A request on its way through a link, which learns from its end: a late answer is still a sign of life. What an earlier session
 * has yet to say is no news of the present one.
 */
export class SentRequest<T> extends OutstandingRequest {
  readonly #request: LinkRequest<T>;
  readonly #sender: RequestSender;
  #sentOn: Client | undefined;
  #isSecondTry = false;

  constructor(request: LinkRequest<T>, sender: RequestSender) {
    super();
    this.#request = request;
    this.#sender = sender;
  }

  start(): boolean {
    const { session, unavailableError } = this.#sender;
    const { client } = session;
    if (client === undefined || !this.#request.isWanted()) {
      this.#request.failed(unavailableError());
      return false;
    }
    this.#sentOn = client;
    this.#await(this.#request.send(client));
    return true;
  }

  #await(answer: Promise<T>): void {
    answer.then(
      (result) => this.#applied(result),
      (error: unknown) => this.#refused(error),
    );
  }

  giveUp(error: unknown): void {
    if (this.#isNews()) this.#sender.breaker.failed(error);
    this.#request.failed(error);
  }

  #applied(result: T): void {
    const { outstanding, breaker } = this.#sender;
    outstanding.remove(this, true);
    if (this.#isNews()) breaker.answered();
    this.#request.applied(result);
  }

  #refused(error: unknown): void {
    const again = this.#isSecondTry ? undefined : this.#request.again?.(this.#sentOn as Client, error);
    this.#isSecondTry = true;
    if (again === undefined) this.#failed(error);
    else this.#await(again);
  }

  #failed(error: unknown): void {
    const { outstanding, breaker, unknownErrors } = this.#sender;
    unknownErrors.heard(error);
    const { isBlocked } = outstanding;
    outstanding.remove(this, readError(error).answered);
    if (this.#isNews()) breaker.failed(error, isBlocked);
    this.#request.failed(error);
  }

  #isNews(): boolean {
    return this.#sentOn !== undefined && this.#sentOn === this.#sender.session.client;
  }
}
