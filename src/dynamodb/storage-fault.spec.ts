import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { findStorageFault, type StorageFault } from './storage-fault.js';

/** An error as the SDK makes it from a response of DynamoDB. */
function refusal(name: string, httpStatusCode = 400): Error {
  const message = 'User: arn:aws:iam::123456789012:user/jane is not authorized';
  return new DynamoDBServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode } });
}
const ofNode = (code: string) => Object.assign(new Error('connect'), { code });
const named = (name: string) => Object.assign(new Error('none'), { name });

describe('findStorageFault', () => {
  it.each<[string, unknown, StorageFault['start'], string]>([
    ['no table', refusal('ResourceNotFoundException'), 'end', 'it does not exist; check'],
    ['no credentials', named('CredentialsProviderError'), 'end', 'there are no credentials; give'],
    ['no token of SSO', named('TokenProviderError'), 'end', 'there are no credentials; give'],
    ['old credentials', refusal('ExpiredTokenException'), 'end', 'the credentials have expired; get'],
    ['old credentials of STS', refusal('ExpiredToken', 403), 'end', 'the credentials have expired; get'],
    ['unknown credentials', refusal('UnrecognizedClientException'), 'end', 'the credentials are refused; check'],
    ['a wrong secret key', refusal('InvalidSignatureException'), 'end', 'the credentials are refused; check'],
    ['a region that is not enabled', refusal('OptInRequired', 403), 'end', 'the credentials are refused; check'],
    ['no permission', refusal('AccessDeniedException'), 'end', 'access is denied; give'],
    ['a role that may not be assumed', refusal('AccessDenied', 403), 'end', 'access is denied; give'],
    ['another table', refusal('ValidationException'), 'end', 'its keys are not id and user_id'],
    ['a region that does not exist', ofNode('ENOTFOUND'), 'wait', 'its host is not known'],
    ['no name server', ofNode('EAI_AGAIN'), 'wait', 'its host is not known'],
    ['a closed port', ofNode('ECONNREFUSED'), 'wait', 'it cannot be reached'],
    ['a lost connection', ofNode('ECONNRESET'), 'wait', 'it cannot be reached'],
    ['a silent host', ofNode('ETIMEDOUT'), 'wait', 'it cannot be reached'],
    ['a timeout of the SDK', named('TimeoutError'), 'wait', 'it cannot be reached'],
    ['a fault of DynamoDB', refusal('InternalServerError', 500), 'wait', 'DynamoDB fails'],
    [
      'HTML of a gateway',
      Object.assign(new SyntaxError('<'), { $response: { statusCode: 502 } }),
      'wait',
      'DynamoDB fails',
    ],
    ['throttling', refusal('ThrottlingException'), 'go on', 'it throttles'],
    ['too little capacity', refusal('ProvisionedThroughputExceededException'), 'go on', 'it throttles'],
    ['HTML of a page', Object.assign(new SyntaxError('<'), { $response: { statusCode: 200 } }), 'end', 'unknown error'],
    ['something else', 'text', 'end', 'unknown error'],
    ['nothing', undefined, 'end', 'unknown error'],
  ])('knows %s', (_, error, start, text) => {
    const fault = findStorageFault(error);
    expect(fault.start).toBe(start);
    expect(`${fault.reason}; ${fault.advice}`).toContain(text);
    expect(JSON.stringify(fault)).not.toContain('arn:');
  });

  it.each([
    ['ResourceNotFoundException', true],
    ['AccessDeniedException', true],
    ['ThrottlingException', undefined],
    // The next call may get new ones.
    ['ExpiredTokenException', undefined],
  ])('knows whether a fault lasts: %s', (name, isLasting) => {
    expect(findStorageFault(refusal(name)).isLasting).toBe(isLasting);
  });
});
