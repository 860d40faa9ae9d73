import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { StorageUnavailableError } from './chat.errors.js';

/**
 * Waits for a call to the table and says in our own words when the table is to blame: no connection, a timeout, no
 * such table, no access, throttling. A refused condition is an answer, and a request that DynamoDB calls invalid is a
 * fault of ours: both pass as they are.
 *
 * @throws StorageUnavailableError with the SDK's error as its cause.
 */
export async function storage<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException || isInvalidRequest(error)) throw error;
    throw new StorageUnavailableError({ cause: error });
  }
}

/** Turns a refused condition into undefined. */
export async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

function isInvalidRequest(error: unknown): boolean {
  return error instanceof DynamoDBServiceException && error.name === 'ValidationException';
}
