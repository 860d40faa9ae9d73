import type { GatedCall } from './gate.js';

/** The places where a turn can be stopped, in their order, and whether it has begun and is stored by then. */
export const BOUNDARIES = [
  { name: 'before begin', hasBegun: false, isStored: false },
  { name: 'after begin', hasBegun: true, isStored: false },
  { name: 'in the agent wait', hasBegun: true, isStored: false },
  { name: 'before complete', hasBegun: true, isStored: false },
  { name: 'after complete', hasBegun: true, isStored: true },
  { name: 'before release', hasBegun: true, isStored: true },
  { name: 'after release', hasBegun: true, isStored: true },
] as const;

export type Boundary = (typeof BOUNDARIES)[number];

/** A call of a turn to the table or to the agent, read from the wire. */
export interface TurnCall {
  readonly step: 'begin' | 'ask' | 'complete' | 'release';
  /** Known of every step but release. */
  readonly prompt?: string;
  /** Known of every step but ask. */
  readonly chatId?: string;
}

interface StringValue {
  readonly S: string;
}
interface TableRequest {
  readonly Key?: { readonly id: StringValue };
  readonly Item?: { readonly id: StringValue; readonly prompt?: StringValue };
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: { readonly ':open'?: { readonly M: { readonly prompt: StringValue } } };
}

/** Which step of a turn a call to the table is, or undefined for a read or a step of a recovery. */
export function tableStep({ headers, body }: GatedCall): TurnCall | undefined {
  const operation = String(headers['x-amz-target']).split('.')[1];
  const request = JSON.parse(body) as TableRequest;
  if (operation === 'PutItem' && request.Item?.prompt) {
    return { step: 'complete', prompt: request.Item.prompt.S, chatId: request.Item.id.S };
  }
  if (operation !== 'UpdateItem' || !request.Key) return undefined;
  const chatId = request.Key.id.S;
  const open = request.ExpressionAttributeValues?.[':open'];
  if (open) return { step: 'begin', prompt: open.M.prompt.S, chatId };
  return request.UpdateExpression?.startsWith('SET #ended_at') ? { step: 'release', chatId } : undefined;
}

/** The call to the agent that a turn makes. */
export function agentStep({ body }: GatedCall): TurnCall {
  return { step: 'ask', prompt: (JSON.parse(body) as { inputText: string }).inputText };
}

/** Whether a call is the one that a boundary is before or after. */
export function standsAt(boundary: Boundary, step: TurnCall['step']): boolean {
  return boundary.name === 'in the agent wait' ? step === 'ask' : boundary.name.endsWith(` ${step}`);
}
