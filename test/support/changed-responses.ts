import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** A response of the table, in the form of the wire. */
export type TableResponse = Readonly<Record<string, unknown>>;

/**
 * Changes the responses to one kind of eventually consistent read, as a replica or a busy table may send them.
 *
 * @param change - gets the response that the table has sent.
 * @returns `work`'s result.
 */
export async function withChangedResponses<T>(
  { middlewareStack }: Pick<DynamoDBDocumentClient, 'middlewareStack'>,
  commandName: string,
  change: (response: TableResponse) => TableResponse,
  work: () => Promise<T>,
): Promise<T> {
  middlewareStack.add(
    (next, context) => async (args) => {
      const response = await next(args);
      const isConsistent = 'ConsistentRead' in args.input && args.input.ConsistentRead === true;
      if (context.commandName !== commandName || isConsistent) return response;
      const output = response.output as unknown as TableResponse;
      Object.assign(output, change(output));
      return response;
    },
    // Outside of the deserializer, which makes the output.
    { name: 'changedResponses', step: 'deserialize', priority: 'high' },
  );
  try {
    return await work();
  } finally {
    middlewareStack.remove('changedResponses');
  }
}
