import { type Client, createClient, type Imprint } from '../../client/index.ts';
import { UsageError } from '../command.ts';

/** Something that the demonstration says about the service did not hold. */
export class Disproved extends Error {
  override readonly name = 'Disproved';
}

/** Where the journeys are played: a service in demo mode, and its sample people. */
export interface Stage {
  readonly url: string;
  /** Thirteen figures that are in the numbers of what a journey makes. */
  readonly run: string;
  /** The service as that person sees it. */
  as(identity: string): Client;
  /** A call that the typed client has no method for; its JSON, or a thrown `Disproved`. */
  ask<T>(identity: string | null, method: string, path: string, json?: object): Promise<T>;
  /** One of the console's sample pictures. */
  sample(name: string): Promise<Imprint>;
  /** States that something holds, and says so. */
  prove(holds: boolean, what: string): void;
}

/** Thirteen figures of this run, so that numbers of an earlier one are not in the way. */
export function runNumber(): string {
  return String(Date.now());
}

interface Sample {
  readonly id: string;
  readonly file: string;
  readonly dpi: number;
}

async function samplesOf(url: string): Promise<readonly Sample[]> {
  const response = await fetch(`${url}/samples/manifest.json`);
  if (!response.ok) throw new Error('the sample pictures are not served');
  return ((await response.json()) as { items: Sample[] }).items;
}

export async function openStage(
  url: string,
  prove: Stage['prove'],
  run = runNumber(),
): Promise<Stage> {
  const open = createClient({ baseUrl: url });
  try {
    await open.demo.identities();
  } catch {
    throw new UsageError(`${url} is no service in demo mode`, 'no_demo');
  }
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (identity: string) => {
    const known = tokens.get(identity);
    if (known) return known;
    const issued = open.demo.token(identity).then(({ token }) => token);
    tokens.set(identity, issued);
    return issued;
  };
  const clients = new Map<string, Client>();
  let listed: Promise<readonly Sample[]> | undefined;
  const shown: Stage['prove'] = (holds, what) => {
    prove(holds, what);
    if (!holds) throw new Disproved(what);
  };
  return {
    url,
    run,
    prove: shown,
    as(identity) {
      const known = clients.get(identity);
      if (known) return known;
      const client = createClient({ baseUrl: url, token: () => tokenOf(identity) });
      clients.set(identity, client);
      return client;
    },
    async ask<T>(identity: string | null, method: string, path: string, json?: object) {
      const headers = new Headers();
      if (identity !== null) headers.set('authorization', `Bearer ${await tokenOf(identity)}`);
      if (json) headers.set('content-type', 'application/json');
      const body = json ? { body: JSON.stringify(json) } : {};
      const response = await fetch(`${url}${path}`, { method, headers, ...body });
      const text = await response.text();
      if (!response.ok) shown(false, `${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    async sample(name) {
      listed ??= samplesOf(url);
      const item = (await listed).find(({ id }) => id === name);
      const response = item && (await fetch(`${url}/samples/${item.file}`));
      if (!response?.ok) throw new Error(`the sample picture ${name} is not served`);
      return { bytes: await response.blob(), name: item?.file ?? name, dpi: item?.dpi ?? 300 };
    },
  };
}
