import { describe, expect, it } from '@jest/globals';
import { PROVIDERS, toSettings } from '../support/agent-providers.js';
import { type GatedCall, startGate } from '../support/gate.js';

describe.each(PROVIDERS)('the region of $name', (provider) => {
  /** The region that a call to the agent is signed for. */
  async function findSignedRegion(variables: Readonly<Record<string, string>>): Promise<string | undefined> {
    let region: string | undefined;
    const emulator = await provider.startEmulator();
    const readRegion = ({ headers }: GatedCall) => {
      region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1];
      return 'forward' as const;
    };
    const gate = await startGate(emulator.endpoint, readRegion, () => undefined);
    const settings = toSettings({ AWS_REGION: 'eu-north-1', ...variables, [provider.endpointVariable]: gate.endpoint });
    const sut = provider.create(settings);
    const request = { prompt: 'hello', history: [], actorId: 'a'.repeat(64), attributes: {} };
    const session = { sessionId: 'a-session-of-at-least-33-characters', deadline: Date.now() + 60_000 };
    for await (const _ of sut.reply({ ...request, ...session }, new AbortController().signal));
    sut.close();
    await gate.close();
    await emulator.close();
    return region;
  }

  it('is the region of its ARN, or else AWS_REGION', async () => {
    expect(await findSignedRegion(provider.variables)).toBe(provider.ownRegion ?? 'eu-north-1');
    for (const variables of provider.elsewhere) expect(await findSignedRegion(variables)).toBe('eu-west-1');
  });
});
