import { describe, expect, it } from '@jest/globals';
import { Added, buildUpdate, Computed, type Condition, Deleted } from './update-expression.js';

const condition: Condition = { expression: '#open.lease = :lease', values: { ':lease': 'a' } };

describe('buildUpdate', () => {
  it('sets values, removes an attribute for null, and ignores undefined', () => {
    expect(buildUpdate({ title: 'x', turns: 3, open: null, session: undefined }, condition)).toEqual({
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: 'SET #title = :title, #turns = :turns REMOVE #open',
      ExpressionAttributeNames: { '#title': 'title', '#turns': 'turns', '#open': 'open' },
      ExpressionAttributeValues: { ':lease': 'a', ':title': 'x', ':turns': 3 },
    });
  });

  it('adds to counters and sets, and deletes from sets', () => {
    const [one, two] = [new Set(['one']), new Set(['two'])];
    const changes = { at: 5, m1: new Added(one), m2: new Deleted(two), turns: new Added(-1), m0: null };
    expect(buildUpdate(changes, condition)).toEqual({
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: 'SET #at = :at REMOVE #m0 ADD #m1 :m1, #turns :turns DELETE #m2 :m2',
      ExpressionAttributeNames: { '#at': 'at', '#m1': 'm1', '#m2': 'm2', '#turns': 'turns', '#m0': 'm0' },
      ExpressionAttributeValues: { ':lease': 'a', ':at': 5, ':m1': one, ':m2': two, ':turns': -1 },
    });
  });

  it.each<[string, object]>([
    ['REMOVE #open', { open: null }],
    ['SET #turns = :turns', { turns: 1 }],
    ['ADD #turns :turns', { turns: new Added(1) }],
    ['DELETE #m1 :m1', { m1: new Deleted(new Set(['a'])) }],
  ])('writes only the clauses that are needed: %s', (expression, changes) => {
    expect(buildUpdate({ ...changes }, condition).UpdateExpression).toBe(expression);
  });

  it('lets DynamoDB compute a value', () => {
    const update = buildUpdate(
      { turns: new Computed('turns + :one') },
      { expression: 'attribute_exists(id)', values: { ':one': 1 } },
    );
    expect(update).toMatchObject({
      UpdateExpression: 'SET #turns = turns + :one',
      ExpressionAttributeValues: { ':one': 1 },
    });
  });

  it('has a placeholder for every name, and keeps the placeholders of the condition', () => {
    const { UpdateExpression, ExpressionAttributeNames } = buildUpdate(
      { 'k_a-b': 1, k_a_b: 2, 'k_a-c': null },
      { expression: 'attribute_not_exists(#mark)', names: { '#mark': 'k_m-n' } },
    );
    expect(UpdateExpression).toBe('SET #n0 = :n0, #k_a_b = :k_a_b REMOVE #n2');
    expect(ExpressionAttributeNames).toEqual({ '#mark': 'k_m-n', '#n0': 'k_a-b', '#k_a_b': 'k_a_b', '#n2': 'k_a-c' });
  });
});
