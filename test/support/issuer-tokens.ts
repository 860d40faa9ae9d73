import { readFileSync } from 'node:fs';
import { fencesOf } from './doc-pages.js';

/** The default id token of an issuer, as its documentation shows it. */
export interface IssuerSample {
  /** As in the comment above the issuer's line in docs/tokens.md. */
  readonly name: string;
  readonly key: 'rsa' | 'rsa without alg' | 'elliptic';
  /** The header beside `alg` and `kid`. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The claims beside the times. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Why the token is refused without the variables for claims; undefined if it needs none. */
  readonly refusal: string | undefined;
  readonly user: { readonly id: string; readonly email?: string; readonly username?: string };
}

const JWT = { typ: 'JWT' };
const NO_USERNAME = "claim 'username' is required";

export const ISSUER_SAMPLES: readonly IssuerSample[] = [
  {
    // https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
    name: 'Amazon Cognito',
    key: 'rsa',
    claims: {
      sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      'cognito:groups': ['test-group-a'],
      email_verified: true,
      iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E',
      'cognito:username': 'jane',
      origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      aud: '6h5example4clientid3',
      event_id: '64f513be-32db-42b0-b78e-b02127b4f463',
      token_use: 'id',
      jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
      email: 'jane@example.com',
    },
    refusal: undefined,
    user: { id: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', email: 'jane@example.com', username: 'jane' },
  },
  {
    // https://firebase.google.com/docs/auth/admin/verify-id-tokens, and for the claims:
    // https://firebase.google.com/docs/reference/admin/node/firebase-admin.auth.decodedidtoken
    name: 'Firebase',
    key: 'rsa',
    header: JWT,
    claims: {
      iss: 'https://securetoken.google.com/my-project',
      aud: 'my-project',
      user_id: '2zJ5pR8wQvXk1nTcY7mBdL0sFgH3',
      sub: '2zJ5pR8wQvXk1nTcY7mBdL0sFgH3',
      email: 'jane@example.com',
      email_verified: false,
      firebase: { identities: { email: ['jane@example.com'] }, sign_in_provider: 'password' },
    },
    refusal: NO_USERNAME,
    user: { id: '2zJ5pR8wQvXk1nTcY7mBdL0sFgH3', email: 'jane@example.com' },
  },
  {
    // https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
    name: 'Google',
    key: 'rsa',
    header: JWT,
    claims: {
      iss: 'https://accounts.google.com',
      azp: '1234987819200.apps.googleusercontent.com',
      aud: '1234987819200.apps.googleusercontent.com',
      sub: '10769150350006150715113082367',
      at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
      hd: 'example.com',
      email: 'jane@example.com',
      email_verified: true,
      nonce: '0394852-3190485-2490358',
    },
    refusal: NO_USERNAME,
    user: { id: '10769150350006150715113082367', email: 'jane@example.com' },
  },
  {
    // https://developer.apple.com/documentation/signinwithapplejs/authorizationi/id_token
    name: 'Apple',
    key: 'rsa',
    claims: {
      iss: 'https://appleid.apple.com',
      aud: 'com.example.web',
      sub: '001234.0123456789abcdef0123456789abcdef.0123',
      nonce_supported: true,
      email: 'x7k2@privaterelay.appleid.com',
      email_verified: 'true',
      is_private_email: 'true',
      real_user_status: 2,
    },
    refusal: NO_USERNAME,
    user: { id: '001234.0123456789abcdef0123456789abcdef.0123', email: 'x7k2@privaterelay.appleid.com' },
  },
  {
    // https://supabase.com/docs/guides/auth/jwt-fields
    name: 'Supabase',
    key: 'elliptic',
    header: JWT,
    claims: {
      iss: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
      aud: 'authenticated',
      sub: '123e4567-e89b-12d3-a456-426614174000',
      role: 'authenticated',
      aal: 'aal1',
      session_id: '123e4567-e89b-12d3-a456-426614174001',
      email: 'jane@example.com',
      phone: '',
      is_anonymous: false,
      amr: [{ method: 'password', timestamp: 1_640_991_600 }],
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { name: 'Jane' },
    },
    refusal: NO_USERNAME,
    user: { id: '123e4567-e89b-12d3-a456-426614174000', email: 'jane@example.com' },
  },
  {
    // https://www.keycloak.org/docs/latest/server_admin/#_oidc_token_categories lists `typ`. The claims are in
    // https://github.com/keycloak/keycloak/blob/main/core/src/main/java/org/keycloak/representations/IDToken.java
    name: 'Keycloak',
    key: 'rsa',
    header: JWT,
    claims: {
      jti: '38a54f99-92f8-41b7-96eb-867a45465774',
      iss: 'https://login.example.com/realms/people',
      aud: 'chat-web',
      sub: '6cd55704-eb42-4697-b55e-59046efc7b46',
      typ: 'ID',
      azp: 'chat-web',
      session_state: 'a7a51738-3e8b-4b88-9ff1-a17ed56aa87a',
      at_hash: 'JyMVmkVDihFu5cignwASQQ',
      acr: '1',
      sid: 'a7a51738-3e8b-4b88-9ff1-a17ed56aa87a',
      email_verified: true,
      name: 'Jane Doe',
      preferred_username: 'jane',
      given_name: 'Jane',
      family_name: 'Doe',
      email: 'jane@example.com',
    },
    refusal: NO_USERNAME,
    user: { id: '6cd55704-eb42-4697-b55e-59046efc7b46', email: 'jane@example.com', username: 'jane' },
  },
  {
    // https://auth0.com/docs/secure/tokens/id-tokens/id-token-structure
    name: 'Auth0',
    key: 'rsa',
    header: JWT,
    claims: {
      nickname: 'jane',
      name: 'jane@example.com',
      picture: 'https://s.gravatar.com/avatar/0123.png',
      updated_at: '2024-06-04T01:27:09.546Z',
      email: 'jane@example.com',
      email_verified: true,
      iss: 'https://my-tenant.eu.auth0.com/',
      aud: 'mc7Ck206Mk0loShIk8av4eoRKkEOgmkO',
      sub: 'auth0|647a4956dcf5d74a05a16996',
      sid: 'JsRmTUf37F-zR2vKtStdDMV4BDtT710t',
    },
    refusal: NO_USERNAME,
    user: { id: 'auth0|647a4956dcf5d74a05a16996', email: 'jane@example.com', username: 'jane' },
  },
  {
    // https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    name: 'Microsoft Entra ID',
    key: 'rsa without alg',
    header: JWT,
    claims: {
      ver: '2.0',
      iss: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      aud: '66666666-7777-8888-9999-000000000000',
      name: 'Jane Doe',
      preferred_username: 'jane@example.com',
      oid: '00000000-0000-0000-66f3-3332eca7ea81',
      tid: '11111111-2222-3333-4444-555555555555',
      nonce: '123523',
      rh: '0.AAAA',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      aio: 'Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq!eGbIDakyp5mnOrcdqHeYSnltepQmRp6AIZ8jY',
    },
    refusal: "claim 'email' is required",
    user: { id: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ', username: 'jane@example.com' },
  },
  {
    // https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/#id-token
    name: 'Okta',
    key: 'rsa',
    claims: {
      sub: '00uid4BxXw6I6TV4m0g3',
      name: 'Jane Doe',
      email: 'jane@example.com',
      ver: 1,
      iss: 'https://my-org.okta.com',
      aud: '0oa1example2client3id',
      jti: 'ID.radCQMOQUmyvcTBmmIL0J6BaS60apUEiC7-vI7pOmkw',
      amr: ['pwd'],
      idp: '00ok1u7AsAkrwdZL3z0g3',
      preferred_username: 'jane@example.com',
      at_hash: 'fPlsvVszI29LU2UhDyJ9vg',
    },
    refusal: NO_USERNAME,
    user: { id: '00uid4BxXw6I6TV4m0g3', email: 'jane@example.com', username: 'jane@example.com' },
  },
];

/** The line of configuration that docs/tokens.md has for each issuer, as variables by the issuer's name. */
export function documentedLines(): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const code = fencesOf(readFileSync('docs/tokens.md', 'utf8'))
    .filter(({ language }) => language === 'sh')
    .map((fence) => fence.code)
    .join('');
  return new Map(
    [...code.matchAll(/^# ([^:\n]+).*\nexport (JWT_ISSUER=.+)$/gm)].map(([, name = '', line = '']) => [
      name,
      Object.fromEntries(line.split(' ').map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string])),
    ]),
  );
}
