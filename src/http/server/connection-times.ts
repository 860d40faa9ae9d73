/** How long a client may take, in milliseconds. */
export interface ConnectionTimes {
  /**
   * Between two requests. Load balancers keep an idle connection for 60 s. The server must not close it first, because
   * a request on its way would be lost.
   */
  readonly keepAlive: number;
  /** To send the headers. */
  readonly headers: number;
  /** To send the whole request, its body included. */
  readonly request: number;
  /** Between two checks of all connections: a client may take that much longer. */
  readonly interval: number;
  /** To take any byte of a response. */
  readonly stall: number;
  /** To read a last response and close the connection; to go on sending a body after the response to it. */
  readonly linger: number;
}

export const CONNECTION_TIMES: ConnectionTimes = {
  keepAlive: 75_000,
  headers: 20_000,
  request: 60_000,
  interval: 5_000,
  stall: 60_000,
  linger: 2_000,
};
