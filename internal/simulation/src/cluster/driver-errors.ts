/** Failures as the driver throws them: recognised by name, code and flags, of which these have the same. */

function responseError(code: number, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name: "ResponseError", code, ...fields });
}

export const driverErrors = {
  unavailable: () =>
    responseError(0x1000, "Not enough replicas are alive", { consistencies: 6, required: 2, alive: 1 }),
  overloaded: () => responseError(0x1001, "The node is overloaded"),
  writeTimeout: () =>
    responseError(0x1100, "Replicas did not answer in time", {
      consistencies: 6,
      received: 0,
      blockFor: 1,
      writeType: "SIMPLE",
    }),
  noTable: (table: string) => responseError(0x2200, `unconfigured table ${table}`),
  invalid: () => responseError(0x2200, "Invalid amount of bind variables"),
  timedOut: () =>
    Object.assign(new Error("The host did not reply before the timeout"), { name: "OperationTimedOutError" }),
  socketClosed: () =>
    Object.assign(new Error("The socket was closed"), { isSocketError: true, requestNotWritten: false }),
  refused: () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
  noHost: (innerErrors: Record<string, Error>) =>
    Object.assign(new Error("All hosts were tried"), { name: "NoHostAvailableError", innerErrors }),
} as const;
