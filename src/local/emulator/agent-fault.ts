/** A failure that the emulated agent tells its caller as AWS would. `exception` is the error's name in the API. */
export class AgentFault extends Error {
  override readonly name = 'AgentFault';

  constructor(
    readonly status: number,
    readonly exception: string,
    message: string,
  ) {
    super(message);
  }
}
