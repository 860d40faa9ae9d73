/**
 * The purpose of a call to the table. `recover`: a write of recovery, cancellation, or taking over a key. `hide`: the mark
 * on a turn that was replaced. `quota`: a write to the item that counts a user's turns.
 */
export type StorageStep =
  'begin' | 'complete' | 'release' | 'recover' | 'hide' | 'stop' | 'rename' | 'delete' | 'quota' | 'read';

/** One call to the table on the wire. Each attempt of the SDK counts. */
export interface StorageCall {
  readonly step: StorageStep;
  /** The SDK's command, such as `UpdateItemCommand`. */
  readonly command: string;
  readonly chatId: string;
  /** The call writes the tombstone of a chat's head, which is the last write of a delete. */
  readonly endsDelete: boolean;
}

interface AttributeValue {
  readonly S?: string;
}
type Attributes = Readonly<Record<string, AttributeValue>>;

/** The parts of a command's input that show its purpose. */
interface CommandInput {
  readonly Key?: Attributes;
  readonly Item?: Attributes;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Attributes;
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest?: { readonly Item?: Attributes } }[]>>;
}

/** Reads a call's purpose from its expressions: each write of a turn has an expression of its own. */
export function storageCall(command: string, input: object): StorageCall {
  const { Key, Item, ExpressionAttributeValues, RequestItems } = input as CommandInput;
  const batch = Object.values(RequestItems ?? {}).flat();
  const items = batch.map(({ PutRequest }) => PutRequest?.Item);
  return {
    step: findStep(command, input),
    command,
    chatId: (Key ?? Item ?? items[0])?.['id']?.S ?? ExpressionAttributeValues?.[':id']?.S ?? '',
    endsDelete: items.some((item) => item?.['user_id']?.S?.includes('#') === false),
  };
}

function findStep(command: string, input: CommandInput): StorageStep {
  const update = input.UpdateExpression ?? '';
  switch (command) {
    case 'UpdateItemCommand':
      if (input.Key?.['id']?.S?.startsWith('usage#')) return 'quota';
      if (update.includes('#open = :open')) return 'begin';
      if (update.includes('deleted_at')) return 'delete';
      if (update.includes('#open.#stop')) return 'stop';
      if (update.includes('title_id')) return 'rename';
      if (update.includes('#hidden') && update.includes('#lease')) return 'hide';
      return update.includes('ended_at') && update.includes('expires_at') ? 'release' : 'recover';
    case 'PutItemCommand':
      if (input.ConditionExpression?.includes('#open')) return 'delete';
      return input.ConditionExpression?.includes('lease') ? 'complete' : 'recover';
    case 'BatchWriteItemCommand':
      return 'delete';
    default:
      return 'read';
  }
}
