import { base64urlText } from '../../src/lib/base64url.ts';
import { type Bank, bank, granted } from './bank.ts';
import { bodyOf, type Edge } from './edge.ts';

/** A bank whose clerk is a person that signs in, allowed to sign and to decrypt whatever comes. */
export async function bankOverHttp(edge: Edge, algorithm: 'sm2' | 'p256' = 'sm2') {
  const own = await bank(
    { ...edge.deps, clock: edge.clock },
    {
      clerk: 'teller-zhou',
      officers: ['developer-song', 'risk-officer-xu', 'operator-ma'],
      algorithm,
    },
  );
  const terms = { documentTypes: [], usesMax: 100, amountMax: null };
  const signGrant = await granted(own, own.clerk, { ...terms, operations: ['sign'] });
  const openGrant = await granted({ ...own, signing: own.encryption }, own.clerk, {
    ...terms,
    operations: ['decrypt'],
  });
  return { ...own, signGrant, openGrant };
}

export type HttpBank = Awaited<ReturnType<typeof bankOverHttp>>;

/** Asks for work on a document as the clerk. */
export function askDocument(
  edge: Edge,
  own: HttpBank,
  form: Readonly<Record<string, string | Uint8Array | undefined>>,
  headers: Readonly<Record<string, string>> = {},
) {
  const isOpening = form.action === 'open';
  const key = isOpening ? own.encryption : own.signing;
  return edge.call(`/v1/keys/${key.id}/documents`, {
    headers,
    form: {
      name: 'guarantee 42',
      grantId: isOpening ? own.openGrant : own.signGrant,
      personalKeyId: own.clerk.key.id,
      documentType: 'guarantee',
      reason: 'for a supplier',
      ...form,
    },
  });
}

/** One step of an operation for which the clerk signs a text. */
export async function signedStep(
  edge: Edge,
  { clerk }: Pick<Bank, 'clerk'>,
  id: string,
  step: 'execute' | 'complete',
  text: unknown,
) {
  const signature = base64urlText(await clerk.signText(String(text)));
  return edge.call(`/v1/operations/${id}/${step}`, { json: { signature } });
}

/** From the question to the finished document. */
export async function finishedDocument(
  edge: Edge,
  own: HttpBank,
  form: Readonly<Record<string, string | Uint8Array | undefined>>,
) {
  const asked = await askDocument(edge, own, form);
  const { id } = await okOf(asked);
  const completed = await activate(edge, own, String(id));
  const answer = await edge.call(`/v1/operations/${id}/document`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { id: String(id), completed, answer, bytes };
}

/** Statement, execution, outcome. */
export async function activate(edge: Edge, own: HttpBank, id: string) {
  const path = `/v1/operations/${id}`;
  const { statement } = await okOf(await edge.call(`${path}/activation`, { method: 'POST' }));
  const { outcome } = await okOf(await signedStep(edge, own, id, 'execute', statement));
  return okOf(await signedStep(edge, own, id, 'complete', outcome));
}

export async function okOf(response: Response): Promise<Record<string, unknown>> {
  const body = await bodyOf(response);
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return body;
}
