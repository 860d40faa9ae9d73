export interface BannerFacts {
  /** Where the service can be reached from this machine, without a slash at the end. */
  readonly url: string;
  readonly tableName: string;
  /** The folder of the embedded table, or the endpoint of one's own DynamoDB. */
  readonly storage: string;
  /** A token for the user `demo`; undefined where only the configured issuer can make one. */
  readonly token: string | undefined;
}

/** What local mode prints when it is ready: the parts, a token, and commands that work as printed. */
export function banner({ url, tableName, storage, token }: BannerFacts): string {
  const ask = (body: string) =>
    `curl -sS ${url}/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' -d ${body}`;
  const first = ask(`'{"prompt":"Plan a weekend in Lisbon"}'`);
  // Node is surely there, jq is not.
  const chatId = `node -pe 'JSON.parse(require("fs").readFileSync(0)).chat.id'`;
  return `
  The chat API is ready on ${url} (local mode: no AWS account, nothing leaves this machine)

    agent   emulated; set AGENT_ID and AGENT_ALIAS_ID to ask an agent of Amazon Bedrock
    table   ${tableName} in ${storage}
    token   ${token ? 'user demo, 30 days; others: npm run token -- --sub alice' : 'those of JWT_ISSUER'}

  A token:

    export ID_TOKEN=${token ?? '…'}

  A question:

    ${first}

  A chat that goes on, and is read back:

    export CHAT_ID=$(${first} | ${chatId})
    ${ask(`'{"prompt":"What did I ask you first?","chat_id":"'$CHAT_ID'"}'`)}
    curl -sS ${url}/chats/$CHAT_ID -H "id_token: $ID_TOKEN"
`;
}

/** The URL under which this machine reaches a server bound to `host`: an address that means "all" cannot be called. */
export function reachableUrl(host: string, port: number): string {
  const callable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${port}`;
}
