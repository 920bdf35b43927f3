/** Makes what secrets are missing. @returns the file that holds them, a line `NAME=value` each */
export declare function ensureSecrets(state: string): Promise<string>;
/** Brings the local database to the newest schema; `tick` hears when something was done. */
export declare function applyMigrations(
  root: string,
  state: string,
  tick: (what: string) => void,
): Promise<void>;
/** What only a run in demo mode says, of a service reached at `base`. */
export declare function demoSettings(
  base: string,
): Record<'TOKEN_ISSUER' | 'PUBLIC_URL' | 'CHIP_HALT', string>;
