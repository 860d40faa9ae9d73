import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError } from '../http/errors/http.errors.js';
import { toFailureResponse } from './response.js';

describe('toFailureResponse', () => {
  it('has a message for a failure of the service, which quotes the id of the request', () => {
    const { statusCode, body } = toFailureResponse(new Error('secret'));
    const message = expect.stringMatching(/^Report this; request id/);
    expect([statusCode, JSON.parse(body)]).toEqual([500, { error: 'Internal server error', message }]);
  });

  it('has no message for an error of the client', () => {
    const { statusCode, body } = toFailureResponse(new InvalidRequestError('Request is bad'));
    expect([statusCode, JSON.parse(body)]).toEqual([400, { error: 'Request is bad' }]);
  });
});
