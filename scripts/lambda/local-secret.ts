import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A local Secrets Manager with one secret. */
export interface LocalSecret {
  /** The variables that make a function read the secret from here, instead of `JWT_SECRET_KEY`. */
  readonly variables: Readonly<
    Record<'AWS_ENDPOINT_URL_SECRETS_MANAGER' | 'JWT_SECRET_ARN' | 'JWT_SECRET_KEY', string>
  >;
  close(): Promise<void>;
}

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-local';

/** Starts it on a free port of the loopback interface. It returns the secret to every request. */
export async function startLocalSecret(secret: string): Promise<LocalSecret> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ ARN, SecretString: secret }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    variables: { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint, JWT_SECRET_ARN: ARN, JWT_SECRET_KEY: '' },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
