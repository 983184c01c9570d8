import { helixError, type Operation, type Statement } from "@helix/core";
import { inspect, qualify } from "@helix/safety";

/**
 * The operation as a session of whatever keyspace has to be sent it: each statement names the keyspace that it is
 * meant for. Version 4 of the protocol ties the keyspace to the session, and a session for each would be many, of
 * which one that has no keyspace cannot be made.
 *
 * @throws HELIX_NOT_REPLAYABLE where the text shows no table. This package writes no such payload.
 */
export function inKeyspace(operation: Operation, keyspace: string): Operation {
  const inIt = <S extends Statement>(statement: S): S => {
    const query = qualify(inspect(statement.query), keyspace);
    if (query !== undefined) return { ...statement, query };
    const construct = "a text of which the table cannot be told";
    throw helixError("HELIX_NOT_REPLAYABLE", `${construct} cannot be given a keyspace: name it in the text`, {
      construct,
    });
  };
  if (operation.kind === "statement") return inIt(operation);
  return { ...operation, statements: operation.statements.map(inIt) };
}
