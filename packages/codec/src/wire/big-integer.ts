/** Two's complement, big-endian, in 8 bytes or as many doublings of that as it takes. */
export function bigintToBytes(value: bigint): Uint8Array {
  let bits = 64;
  while (BigInt.asIntN(bits, value) !== value) bits *= 2;
  const digits = BigInt.asUintN(bits, value).toString(16);
  return Buffer.from(digits.padStart(bits / 4, "0"), "hex");
}

/** Of any length but 0. */
export function bigintFromBytes(bytes: Buffer): bigint {
  if (bytes.length === 0) throw new RangeError("A bigint of no bytes");
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
}
