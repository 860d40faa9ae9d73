import { BatchWriteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { listChangedNames } from '../table/apply-update.js';

/** Describes a call in a few words, for people: its write, and the item. */
export function describeCall(command: object): string {
  if (command instanceof GetCommand) return `get ${describeKey(command.input.Key)}`;
  if (command instanceof QueryCommand) return command.input.IndexName === undefined ? 'query turns' : 'query index';
  if (command instanceof BatchWriteCommand) {
    const requests = Object.values(command.input.RequestItems ?? {}).flat();
    return `batch of tombstones ${requests.map(({ PutRequest }) => describeKey(PutRequest?.Item)).join(', ')}`;
  }
  if (command instanceof PutCommand) return `[${nameWrite(command)}] put ${describeKey(command.input.Item)}`;
  if (command instanceof UpdateCommand) return `[${nameWrite(command)}] update ${describeKey(command.input.Key)}`;
  return command.constructor.name;
}

/** Names the purpose of a write with a condition. Each purpose has its own attributes and conditions. */
export function nameWrite(command: object): string {
  if (command instanceof PutCommand) return namePut(command);
  if (!(command instanceof UpdateCommand)) return 'no condition';
  const { input } = command;
  const names = new Set(listChangedNames(input.UpdateExpression ?? '', input));
  const condition = input.ConditionExpression ?? '';
  if (names.has('title_id') && names.has('title') && names.size === 2) return 'rename';
  if (isUsageKey(input.Key)) return nameUsageWrite(names, condition);
  if (names.has('open.until')) return nameLeaseWrite(condition);
  if (names.has('inline_item')) return 'move legacy messages';
  if (names.has('lease')) return names.has('hidden') ? 'mark as replaced' : 'take key over';
  if (names.has('open')) return nameOpenWrite(names, condition);
  if (names.has('turns')) return 'correct count';
  return condition.includes(':seen') ? 'repair' : 'mark as cancelled';
}

function nameUsageWrite(names: ReadonlySet<string>, condition: string): string {
  if (condition.startsWith('contains(#running')) return 'end place';
  if (condition.startsWith('contains')) return 'refund';
  if (condition.startsWith('attribute_exists')) return 'remove dead places';
  return names.has('running') ? 'take place' : 'cancel place';
}

function isUsageKey(key: Readonly<Record<string, unknown>> | undefined): boolean {
  return String(key?.['id']).startsWith('usage#');
}

function nameLeaseWrite(condition: string): string {
  if (!condition.includes(':old')) return 'end lease';
  return condition.includes(':alive') ? 'renew lease' : 'end expired lease';
}

function nameOpenWrite(names: ReadonlySet<string>, condition: string): string {
  if (names.has('created_at') && !names.has('deleted_at')) {
    if (condition === 'attribute_not_exists(id)') return 'begin a chat';
    return condition.includes(':remembered') ? 'begin with a key again' : 'begin';
  }
  if (names.has('expires_at') && !names.has('deleted_at')) return 'release';
  if (names.has('session')) return 'recover head';
  return 'end cancelled turn';
}

function namePut({ input: { Item = {}, ConditionExpression = '' } }: PutCommand): string {
  if (ConditionExpression.includes('#open')) return 'mark as deleted';
  if ('text' in Item) return 'complete: continuation';
  if ('prompt' in Item) return ConditionExpression.includes(':lease') ? 'complete' : 'recover turn';
  if (!('deleted_at' in Item)) return 'put legacy messages';
  return ConditionExpression.includes(':lease') ? 'remove continuation' : 'cancel new chat';
}

/** The head, or the number of a turn or continuation. */
function describeKey(key: Readonly<Record<string, unknown>> | undefined): string {
  const sortKey = String(key?.['user_id']);
  if (isUsageKey(key)) return 'usage';
  const number = /#T#0*(.*)$/.exec(sortKey)?.[1];
  return number === undefined ? 'head' : `turn ${number || '0'}`;
}
