import { expected } from "@helix/core/internal";
import { auth, type ClientOptions } from "cassandra-driver";
import type { DriverOptions } from "./cluster-config.ts";

/** What the driver takes for a user whose password may change. */
export function withCredentials(
  credentials: NonNullable<DriverOptions["credentials"]>,
): Pick<ClientOptions, "credentials" | "authProvider"> {
  const { username, password } = credentials;
  if (typeof password !== "function") return { credentials: { ...credentials, password } };
  return { authProvider: new AskingAuthProvider(username, password) };
}

/** Asks for the password at each connection. */
class AskingAuthProvider extends auth.PlainTextAuthProvider {
  readonly #username: string;
  readonly #password: () => string;

  constructor(username: string, password: () => string) {
    super(username, "");
    this.#username = username;
    this.#password = password;
  }

  override newAuthenticator(endpoint: string, name: string): auth.Authenticator {
    try {
      const password: unknown = this.#password();
      if (typeof password !== "string") {
        throw new TypeError(expected("credentials.password()", "a text", typeof password));
      }
      return new auth.PlainTextAuthProvider(this.#username, password).newAuthenticator(endpoint, name);
    } catch (error) {
      // Here, in a callback of its socket, the driver catches nothing: the process would end.
      const initialResponse = (callback: (error: unknown) => void) => callback(error);
      return { initialResponse, evaluateChallenge: () => {}, onAuthenticationSuccess: () => {} };
    }
  }
}

/**
 * TLS options under which a certificate counts; by the driver's default any will do. What is a getter stays one: the
 * driver asks it at each connection.
 */
export function withVerification(
  sslOptions: NonNullable<ClientOptions["sslOptions"]>,
): NonNullable<ClientOptions["sslOptions"]> {
  const { rejectUnauthorized, ...own } = Object.getOwnPropertyDescriptors(sslOptions);
  // One that is undefined the driver passes over.
  const verifies = { rejectUnauthorized: rejectUnauthorized?.value ?? true };
  return Object.defineProperties(verifies, own);
}
