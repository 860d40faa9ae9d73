/** What we use of dynalite, which comes without types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** The LevelDB folder; in memory without it. */
    path?: string;
    /** Milliseconds a table stays CREATING, DELETING or UPDATING. */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  /** A server that does not listen yet; its `close` closes the database too. */
  function dynalite(options?: DynaliteOptions): Server;
  export = dynalite;
}
