/** What a call to the table is for. `recover` is what recovery and taking a key over write. */
export type StorageStep = 'begin' | 'complete' | 'release' | 'recover' | 'delete' | 'read';

/** One call to the table as it goes over the wire; every attempt of the SDK is one. */
export interface StorageCall {
  readonly step: StorageStep;
  /** The SDK's command, such as `UpdateItemCommand`. */
  readonly command: string;
  readonly chatId: string;
  /** The call writes the tombstone of a chat's head, the last that a delete does. */
  readonly endsDelete: boolean;
}

interface AttributeValue {
  readonly S?: string;
}
type Attributes = Readonly<Record<string, AttributeValue>>;

/** The parts of the commands' inputs that tell what they are for. */
interface CommandInput {
  readonly Key?: Attributes;
  readonly Item?: Attributes;
  readonly UpdateExpression?: string;
  readonly ReturnValues?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Attributes;
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest?: { readonly Item?: Attributes } }[]>>;
}

/** Reads a call's purpose from its expressions: each of the turn's writes has one that no other has. */
export function storageCall(command: string, input: object): StorageCall {
  const { Key, Item, ExpressionAttributeValues, RequestItems } = input as CommandInput;
  const batch = Object.values(RequestItems ?? {}).flat();
  const items = batch.map(({ PutRequest }) => PutRequest?.Item);
  return {
    step: stepOf(command, input),
    command,
    chatId: (Key ?? Item ?? items[0])?.['id']?.S ?? ExpressionAttributeValues?.[':id']?.S ?? '',
    endsDelete: items.some((item) => item?.['user_id']?.S?.includes('#') === false),
  };
}

function stepOf(command: string, input: CommandInput): StorageStep {
  const update = input.UpdateExpression ?? '';
  switch (command) {
    case 'UpdateItemCommand':
      if (update.includes('#open = :open')) return 'begin';
      if (update.includes('deleted_at')) return 'delete';
      return update.includes('ended_at') && input.ReturnValues === 'NONE' ? 'release' : 'recover';
    case 'PutItemCommand':
      return input.ConditionExpression?.includes('lease') ? 'complete' : 'recover';
    case 'BatchWriteItemCommand':
      return 'delete';
    default:
      return 'read';
  }
}
