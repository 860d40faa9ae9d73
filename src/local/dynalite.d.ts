/** The part of dynalite that we use. The package has no types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** The LevelDB folder. Without it the tables are in memory. */
    path?: string;
    /** Milliseconds a table stays CREATING, DELETING or UPDATING. */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  /** Returns a server that does not listen yet. Its `close` also closes the database. */
  function dynalite(options?: DynaliteOptions): Server;
  export = dynalite;
}
