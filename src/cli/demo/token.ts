import type { Stage } from './stage.ts';

interface Granted {
  readonly accessToken: string;
  readonly dropped: readonly string[];
}

interface Handled {
  readonly result: { readonly bills?: readonly { id: string; state: string }[] };
  readonly keyData: { readonly events: number };
}

/** Invented: region 99 and prefix 1200 belong to nobody. */
const identity = {
  name: '陈思远',
  idNumber: '990000199001010018',
  phone: '12001000000',
  password: 'correct-horse-7',
};

/** A terminal gets a token that it cannot read whole; a business system opens it by itself. */
export async function tokenJourney({ ask, prove, run, url }: Stage): Promise<void> {
  const granted = await ask<Granted>('customer-chen', 'POST', '/v1/tokens', {
    grantType: 'urn:cinnabar:grant:session',
    audiences: ['bills'],
    identity,
  });
  const token = granted.accessToken;
  const readable = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('utf8'))
    .join('');
  const secrets = Object.values(identity);
  prove(
    secrets.every((value) => !readable.includes(value)),
    'the token carries name and number, and nobody on the way can read them in it',
  );
  prove(granted.dropped.includes('PASSWORD'), 'the password was found, and left out of the token');

  const request = async (bearer: string) =>
    fetch(`${url}/v1/business/requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id: crypto.randomUUID(), session: run, action: 'bill.list' }),
    });
  const answer = await request(token);
  const handled = (await answer.json()) as Handled;
  prove(
    answer.ok && (handled.result.bills?.length ?? 0) > 0,
    'a business system opens it with its own key, without asking the centre, and answers',
  );
  const [header, payload, signature = ''] = token.split('.');
  const turned = signature.startsWith('A') ? 'B' : 'A';
  const forged = await request([header, payload, turned + signature.slice(1)].join('.'));
  prove(forged.status === 401, 'one character of the token changed: refused');
}
