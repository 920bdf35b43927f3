import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NoiseError, type NoiseKeyPair, noiseKeyPair } from '../../core/session/noise.ts';
import type { Sodium } from '../../core/sodium.ts';
import { callOn } from '../../domain/chips/calls.ts';
import { channelAnswerer, channelBytesMax } from '../../domain/chips/channel.ts';
import { chipCalls, createChip, type OwnedChip } from '../../domain/chips/chip.ts';
import { reply } from '../../domain/chips/faults.ts';
import type { Cells } from '../../domain/chips/ports.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { type ChipVault, openFromStore, sealForStore } from '../../domain/chips/wrapping.ts';
import { systemClock, systemRandom } from '../../platform/system.ts';
import type { Journal } from './journal.ts';
import { type TokenSession, tokenVault } from './token.ts';
import { tokenKeys } from './token-keys.ts';

export interface HostOptions {
  /** The name by which the cluster knows the chip. */
  readonly chip: string;
  readonly token: TokenSession;
  readonly journal: Journal;
  /** SHA-256 of the program's files, hex; the chip attests it. */
  readonly build: string;
  /** X25519 key of the chips Worker, 32 bytes: nobody else is answered. */
  readonly linkKey: Uint8Array;
  /** X25519 key of the backup officers, 32 bytes. */
  readonly backupKey?: Uint8Array;
  /** Ed25519 key of the cluster root, 32 bytes: chips that it certified get copies. */
  readonly rootKey: Uint8Array;
}

const linkKeyCell = 'link-key';
/** After these calls no trace of keys that are gone stays in the file. */
const forgetting: readonly string[] = ['reset', 'restoreEnd'] satisfies (keyof OwnedChip)[];
/** How long what has had its time may stay. */
const tidyEveryMs = 30_000;

/** The host's own key of the channel; made on the first call, kept encrypted by the token. */
export function hostKeyPair(sodium: Sodium, cells: Cells, vault: ChipVault): NoiseKeyPair {
  const context = new TextEncoder().encode('cinnabar chip host link key 1');
  const stored = cells.get(linkKeyCell);
  if (stored instanceof Uint8Array) {
    return noiseKeyPair(sodium, openFromStore(vault, context, stored));
  }
  const { privateKey } = sodium.crypto_box_keypair();
  cells.put(linkKeyCell, sealForStore(vault, context, privateKey, systemRandom));
  return noiseKeyPair(sodium, privateKey);
}

/**
 * A chip in a hardware token: the same chip as in the Workers, its store encrypted by the token and
 * the keys that the token can use made and used inside it. It answers the cluster and nobody else.
 */
export async function openChipHost(options: HostOptions) {
  const { chip, token, journal, build, linkKey, rootKey, backupKey } = options;
  const tools = await openTools(crypto.subtle);
  const vault = tokenVault(token, chip);
  const own = hostKeyPair(tools.sodium, journal, vault);
  const target = createChip({
    chip,
    cells: journal,
    vault,
    tools,
    clock: systemClock,
    random: systemRandom,
    protection: 'hsm',
    build,
    rootPublicKey: rootKey,
    ...(backupKey ? { backupKey } : {}),
    token: tokenKeys(token, tools),
  });
  journal.commit();
  let wasDue = false;
  const tidying = setInterval(() => {
    const isDue = target.tidy() !== undefined;
    if (wasDue && !isDue) journal.compact();
    else journal.commit();
    wasDue = isDue;
  }, tidyEveryMs);
  tidying.unref();
  const answerer = channelAnswerer({
    sodium: tools.sodium,
    own,
    peer: linkKey,
    chip,
    clock: systemClock,
    random: systemRandom,
    async answer(name, input) {
      try {
        return await reply(() => callOn<OwnedChip>(target, chipCalls, name, input));
      } finally {
        // What was done is on the disk before anybody hears of it; what was forgotten is not.
        if (forgetting.includes(name)) journal.compact();
        else journal.commit();
      }
    },
  });
  return { publicKey: own.publicKey, answerer };
}

type Answerer = Awaited<ReturnType<typeof openChipHost>>['answerer'];

/** Serves a chip over HTTP; all that matters is inside the encrypted channel. */
export function serveChip(answerer: Answerer, onFailure: (cause: unknown) => void): Server {
  return createServer((request, response) => {
    respond(answerer, request, response).catch((cause) => {
      // Nobody learns from the answer what was wrong with a request that is not the cluster's.
      const status = cause instanceof NoiseError ? 403 : 500;
      if (status === 500) onFailure(cause);
      if (!response.headersSent) response.writeHead(status);
      response.end();
    });
  });
}

async function respond(
  answerer: Answerer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url } = request;
  if (method === 'GET' && url === '/healthz') {
    response.writeHead(204).end();
    return;
  }
  if (method !== 'POST' || (url !== '/open' && url !== '/call')) {
    response.writeHead(404).end();
    return;
  }
  const body = await bodyOf(request);
  if (!body) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const answer = url === '/open' ? answerer.open(body) : await answerer.call(body);
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.end(answer);
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > channelBytesMax) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Resolves with the port when the server listens. */
export function listening(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port));
  });
}
