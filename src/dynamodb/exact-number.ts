import { NumberValue } from '@aws-sdk/lib-dynamodb';

/**
 * Converts a number of DynamoDB, which may have 38 digits. A number that a double does not hold exactly is kept as its
 * digits. By default the SDK makes a BigInt of it, which JSON does not have, or throws.
 *
 * @param digits - the number as DynamoDB sends it.
 */
export function toExactNumber(digits: string): number | NumberValue {
  const number = Number(digits);
  // The SDK refuses to write greater numbers.
  const isWritable = Math.abs(number) <= Number.MAX_SAFE_INTEGER;
  return isWritable && String(number) === digits ? number : NumberValue.from(digits);
}

/** The double that is nearest to a number of an item; undefined if the value is no number. */
export function toNumber(value: unknown): number | undefined {
  return typeof value === 'number' || value instanceof NumberValue ? Number(value) : undefined;
}
