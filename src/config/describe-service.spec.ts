import { describe, expect, it } from '@jest/globals';
import { describeService } from './describe-service.js';
import { loadEnvironment } from './environment.js';
import { VERSION } from './version.js';

const SECRET = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';
const ISSUER = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'app' };

describe('describeService', () => {
  it.each<[Record<string, string>, string]>([
    [{ JWT_SECRET_KEY: SECRET }, 'table test-chat in eu-west-1, tokens signed with a secret'],
    [ISSUER, 'table test-chat in eu-west-1, tokens of https://id.example'],
    [{ ...ISSUER, JWT_SECRET_KEY: SECRET }, 'in eu-west-1, tokens of https://id.example signed with a secret'],
    [{ ...ISSUER, JWT_VERIFY_SIGNATURE: 'false' }, 'tokens of https://id.example that a gateway has checked'],
    [
      { ...ISSUER, DYNAMODB_TABLE: 'chats', AWS_ENDPOINT_URL_DYNAMODB: 'http://jane:sesame@db.example:8000/path' },
      'table chats at http://db.example:8000, tokens of https://id.example',
    ],
  ])('says what %j runs, without a secret', (variables, expected) => {
    const environment = loadEnvironment({ AWS_REGION: 'eu-west-1', AGENT_MODEL_ID: 'nova', ...variables });
    const line = describeService(environment);
    expect(line).toContain('asking the model nova in eu-west-1; ');
    expect(line).toContain(`${expected}, version ${VERSION}`);
    expect(line).not.toMatch(/\n|sesame|k9fJ/);
  });
});
