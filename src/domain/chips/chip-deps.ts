import type { ChipStoreDeps } from './chip-store.ts';
import type { Protection } from './keys.ts';
import type { KeyToken } from './ports.ts';
import type { UseRate } from './rates.ts';

/** What a chip stands on. `chip` is the name by which the cluster knows it. */
export interface ChipDeps extends ChipStoreDeps {
  readonly chip: string;
  readonly protection: Protection;
  /** Names the program that runs: a Worker's version, or the SHA-256 of a host's files in hex. */
  readonly build: string;
  readonly rootPublicKey: Uint8Array;
  /**
   * X25519 key of the backup officers, 32 bytes. It comes with the chip's own set-up and never over
   * a call: whoever could choose it could read every key.
   */
  readonly backupKey?: Uint8Array;
  /** The token of a hardware chip. */
  readonly token?: KeyToken;
  /** The wrapping key that a tenant had before there was a cluster. */
  readonly inherited?: (tenant: string) => Promise<Uint8Array | undefined>;
  /** Tasks that may wait for the chip; more are refused with `chips_busy`. */
  readonly queueMax?: number;
  /** What a tenant may ask of it; more is refused with `chips_busy`. */
  readonly tenantRate?: UseRate;
}

export interface WhatWasDone {
  readonly operation: string;
  readonly digestHex: string;
  readonly result: Uint8Array;
  readonly statementHashHex: string;
}
