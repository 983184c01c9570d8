/** Values of every CQL type, and the driver's encoder to say what becomes of them. */
export {
  cqlType,
  type DriverCopy,
  ENCODERS,
  encoderOf,
  loadForeignDriver,
  ownDriver,
  sent,
} from "./driver-copies.ts";
export { encodings, type TypedValue, typedValue } from "./typed-values.ts";
