import { ApiError, type DemoIdentity, type Role } from '../../client/index.ts';
import { base64urlBytes } from '../../lib/base64url.ts';

interface Claims {
  readonly sub: string;
  readonly pub: { readonly tenant: string; readonly branch: string; readonly roles: Role[] };
}

/** Whom a token of ours speaks for, by name where the name is known here. */
export function identityOf(token: string, known: readonly DemoIdentity[]): DemoIdentity {
  const { sub, pub } = claimsOf(token);
  const [role] = pub.roles;
  if (!role) throw new ApiError('unexpected_answer');
  const plain = (text: string) => ({ zh: text, en: text });
  return (
    known.find(({ id, institution }) => id === sub && institution.id === pub.tenant) ?? {
      id: sub,
      role,
      name: plain(sub),
      institution: { id: pub.tenant, ...plain(pub.tenant) },
      branch: { code: pub.branch, ...plain(pub.branch) },
    }
  );
}

function claimsOf(token: string): Claims {
  const payload = base64urlBytes(token.split('.')[1] ?? '') ?? new Uint8Array(0);
  return JSON.parse(new TextDecoder().decode(payload)) as Claims;
}
