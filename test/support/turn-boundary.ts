import type { GatedCall } from './gate.js';

/** The points at which a turn can be stopped, in order, with its state at each point. */
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

/** A turn's call to the table or to the agent, read from the wire. */
export interface TurnCall {
  readonly step: 'begin' | 'ask' | 'complete' | 'release';
  /** Unknown for release. */
  readonly prompt?: string;
  /** Unknown for ask. */
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

/** The step of a turn that a call to the table is; undefined for a read or a recovery. */
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

/** A turn's call to the agent. */
export function agentStep({ body }: GatedCall): TurnCall {
  return { step: 'ask', prompt: (JSON.parse(body) as { inputText: string }).inputText };
}

/** Whether a boundary is directly before or after this step. */
export function standsAt(boundary: Boundary, step: TurnCall['step']): boolean {
  return boundary.name === 'in the agent wait' ? step === 'ask' : boundary.name.endsWith(` ${step}`);
}
