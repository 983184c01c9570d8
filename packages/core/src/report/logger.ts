/**
 * Where log lines go: fields first, then a constant sentence, as pino and its kin take them. Nothing
 * that was bound to a statement is ever in a field. Must not throw.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} });
