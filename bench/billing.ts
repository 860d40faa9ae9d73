/**
 * Computes what DynamoDB bills for on-demand requests, because the embedded engine does not count index writes.
 * Rules: AWS developer guide, "DynamoDB item sizes and formats" and "Read and write operations".
 */
type Item = Readonly<Record<string, unknown>>;

/** Bytes of the largest item that DynamoDB accepts, names included. */
export const ITEM_MAX_BYTES = 400 * 1024;
const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;
/** Keys of the index, besides the keys of the table. */
const INDEX_KEYS = ['user_id', 'updated_at'];
const INDEX_ATTRIBUTES = ['id', ...INDEX_KEYS, 'title', 'created_at', 'deleted_at', 'expires_at'];

/** Bytes of an item: its attribute names and values in UTF-8. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

/** Units of a write that changes `before` into `after`, index writes included. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  const larger = Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0);
  return units(larger, WRITE_UNIT_BYTES) + indexWriteUnits(toIndexEntry(before), toIndexEntry(after));
}

/** Units of a strongly consistent read of items with this many bytes. */
export function readUnits(bytes: number): number {
  return units(bytes, READ_UNIT_BYTES);
}

/** A changed key costs two writes: the old entry is removed, the new one is added. Other changes cost one. */
function indexWriteUnits(before: Item | undefined, after: Item | undefined): number {
  if (JSON.stringify(before) === JSON.stringify(after)) return 0;
  const oldUnits = before ? units(itemBytes(before), WRITE_UNIT_BYTES) : 0;
  const newUnits = after ? units(itemBytes(after), WRITE_UNIT_BYTES) : 0;
  const keyChanged = INDEX_KEYS.some((name) => before?.[name] !== after?.[name]);
  return keyChanged ? oldUnits + newUnits : Math.max(oldUnits, newUnits);
}

function toIndexEntry(item: Item | undefined): Item | undefined {
  if (!item || INDEX_KEYS.some((name) => item[name] === undefined)) return undefined;
  return Object.fromEntries(INDEX_ATTRIBUTES.filter((name) => name in item).map((name) => [name, item[name]]));
}

function units(bytes: number, unitBytes: number): number {
  return Math.max(1, Math.ceil(bytes / unitBytes));
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  // A number takes about one byte for two significant digits, and one more.
  if (typeof value === 'number') return Math.ceil(countSignificantDigits(value) / 2) + 1;
  if (value instanceof Set) return valueBytes([...value]);
  if (Array.isArray(value)) return 3 + value.reduce<number>((sum, member) => sum + 1 + valueBytes(member), 0);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    return 3 + members.reduce((sum, [name, member]) => sum + 1 + Buffer.byteLength(name) + valueBytes(member), 0);
  }
  return 1;
}

/** Zeros at either end do not count. */
function countSignificantDigits(value: number): number {
  const [mantissa = ''] = value.toExponential().split('e');
  return mantissa.replace(/\D/g, '').length;
}
