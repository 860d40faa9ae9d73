import { describe, expect, it } from '@jest/globals';
import { Computed, buildUpdate } from './update-expression.js';

const condition = { expression: '#open.lease = :lease', values: { ':lease': 'a' } };

describe('updateOf', () => {
  it('sets values, removes what is null, and leaves alone what is undefined', () => {
    expect(buildUpdate({ title: 'x', turns: 3, open: null, session: undefined }, condition)).toEqual({
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: 'SET #title = :title, #turns = :turns REMOVE #open',
      ExpressionAttributeNames: { '#title': 'title', '#turns': 'turns', '#open': 'open' },
      ExpressionAttributeValues: { ':lease': 'a', ':title': 'x', ':turns': 3 },
    });
  });

  it('has only the clauses that are needed', () => {
    expect(buildUpdate({ open: null }, condition).UpdateExpression).toBe('REMOVE #open');
    expect(buildUpdate({ turns: 1 }, condition).UpdateExpression).toBe('SET #turns = :turns');
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

  it('finds a placeholder for every name, and takes those of the condition over', () => {
    const { UpdateExpression, ExpressionAttributeNames } = buildUpdate(
      { 'k_a-b': 1, k_a_b: 2, 'k_a-c': null },
      { expression: 'attribute_not_exists(#mark)', names: { '#mark': 'k_m-n' } },
    );
    expect(UpdateExpression).toBe('SET #n0 = :n0, #k_a_b = :k_a_b REMOVE #n2');
    expect(ExpressionAttributeNames).toEqual({ '#mark': 'k_m-n', '#n0': 'k_a-b', '#k_a_b': 'k_a_b', '#n2': 'k_a-c' });
  });
});
