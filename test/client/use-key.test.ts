import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  activateOperation,
  approveUse,
  readUse,
  StatementDiffers,
  useWords,
} from '../../src/client/certificates.ts';
import { type Client, createClient, type Operation } from '../../src/client/index.ts';
import { loadGm } from '../../src/core/gm.ts';
import { decisionText } from '../../src/core/usage/decision.ts';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { bankOverHttp, type HttpBank } from '../helpers/documents.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';

const gm = await loadGm();

describe('C4 C7: what a person signs for a use is what is shown', () => {
  let edge: Edge;
  let own: HttpBank;
  let client: Client;
  let signed: string[];
  const session = {
    sign: (bytes: Uint8Array) => {
      signed.push(new TextDecoder().decode(bytes));
      return own.clerk.sign(bytes);
    },
  };

  beforeAll(async () => {
    edge = await startEdge();
    own = await bankOverHttp(edge);
    client = createClient({
      baseUrl: 'http://localhost',
      fetch: async (input, init) => edge.app.request(String(input), init),
      token: () => edge.tokenOf('teller-zhou'),
    });
  });

  const ask = () =>
    client.operations.askDocument(own.signing.id, {
      action: 'cms',
      file: { bytes: new Blob(['guarantee 42']), name: 'guarantee.txt' },
      grantId: own.signGrant,
      personalKeyId: own.clerk.key.id,
      documentType: 'guarantee',
      reason: 'for a supplier',
    });
  /** The use by a service of which some answers are others. */
  const useBy = async (
    lie: Partial<{ [K in 'prepare' | 'execute' | 'complete']: (answer: never) => unknown }>,
    asked?: Operation,
  ) => {
    signed = [];
    const operation = asked ?? (await ask());
    const { operations } = client;
    const lying = <K extends keyof typeof lie>(name: K) =>
      lie[name]
        ? async (...input: never[]) => {
            const call = operations[name] as unknown as (...all: never[]) => Promise<never>;
            return lie[name]?.(await call(...input));
          }
        : operations[name];
    const by = {
      ...client,
      operations: {
        ...operations,
        prepare: lying('prepare'),
        execute: lying('execute'),
        complete: lying('complete'),
      },
    } as Client;
    return activateOperation(by, session, own.signing, operation);
  };

  test('the decision is read from its own text, and says in words what its members say', async () => {
    const decision = readUse(await ask());
    expect(decision).toMatchObject({
      person: { actor: 'teller-zhou' },
      document: { action: 'cms', name: 'guarantee.txt', bytes: 12 },
      reason: 'for a supplier',
    });
    expect(useWords(decision).en).toBe(
      'teller-zhou uses the key of “北辰银行” to sign the file (CMS) “guarantee.txt”, type guarantee, for: for a supplier',
    );
  });

  test('an operation around it that says something else is refused, member by member', async () => {
    const asked = await ask();
    const { document } = asked;
    if (!document) throw new Error('no document');
    const lies: readonly Partial<Operation>[] = [
      { id: own.signGrant },
      { institutionKeyId: own.encryption.id },
      { actor: 'somebody' },
      { grantId: own.openGrant },
      { reason: 'another' },
      { documentType: 'loan' },
      { amount: { currency: 'CNY', minor: 1 } },
      { document: { ...document, sha256: '0'.repeat(64) } },
      { document: { ...document, name: 'other.txt' } },
      { document: null },
      { approvalsNeeded: 1 },
      { decision: `${asked.decision} ` },
      { decision: '{}' },
    ];
    for (const lie of lies) {
      expect(() => readUse({ ...asked, ...lie }), JSON.stringify(lie)).toThrow(StatementDiffers);
    }
  });

  test('a file that arrived as another one is noticed before anything is signed', async () => {
    const sha256 = '0'.repeat(64);
    const lying = createClient({
      baseUrl: 'http://localhost',
      token: () => edge.tokenOf('teller-zhou'),
      fetch: async (input, init) => {
        const answer = await edge.app.request(String(input), init);
        if (!String(input).endsWith('/documents')) return answer;
        const body = (await answer.json()) as Operation;
        const { words: _, ...decision } = JSON.parse(body.decision);
        const document = { ...decision.document, sha256 };
        const about = { ...body.document, sha256 };
        const text = decisionText({ ...decision, document });
        return Response.json({ ...body, document: about, decision: text }, { status: 201 });
      },
    });
    const asked = lying.operations.askDocument(own.signing.id, {
      action: 'cms',
      file: { bytes: new Blob(['guarantee 42']), name: 'guarantee.txt' },
      grantId: own.signGrant,
      personalKeyId: own.clerk.key.id,
      documentType: 'guarantee',
      reason: 'for a supplier',
    });
    await expect(asked).rejects.toMatchObject({ code: 'document_differs' });
  });

  test('a statement about another decision, key, digest or time is not signed', async () => {
    const changes: readonly object[] = [
      { decisionHashHex: '0'.repeat(64) },
      { keyId: own.encryption.id },
      { digestHex: '1'.repeat(64) },
      { tenant: 'other-bank' },
      { more: 1 },
    ];
    for (const change of changes) {
      const using = useBy({
        prepare: (answer: Operation) => ({
          ...answer,
          statement: canonicalJson({ ...JSON.parse(answer.statement ?? ''), ...change }),
        }),
      });
      await expect(using, JSON.stringify(change)).rejects.toBeInstanceOf(StatementDiffers);
      expect(signed).toEqual([]);
    }
  });

  test('an input that is not what the digest says is not signed for', async () => {
    const other = Buffer.from('another text').toString('base64');
    const using = useBy({ prepare: (answer: Operation) => ({ ...answer, inputB64: other }) });
    await expect(using).rejects.toMatchObject({ member: 'digestHex' });
    expect(signed).toEqual([]);
  });

  test('an outcome that is not of the receipt, or a receipt of another use, is not signed', async () => {
    for (const [name, change] of [
      ['outcome', (answer: Operation) => ({ outcome: answer.outcome?.replace('"v":1', '"v":2') })],
      ['receipt', () => ({ receipt: null })],
      ['receipt', ({ receipt }: Operation) => ({ receipt: { ...receipt, ticket: 9 } })],
    ] as const) {
      const using = useBy({
        execute: (answer: Operation) => ({ ...answer, ...change(answer) }),
      });
      await expect(using, name).rejects.toMatchObject({ member: name });
      expect(signed).toHaveLength(1);
    }
    const first = await useBy({});
    const using = useBy({
      execute: (answer: Operation) => ({
        ...answer,
        receipt: (first.record.body as { receipt: object }).receipt,
      }),
    });
    await expect(using).rejects.toMatchObject({ member: 'requestId' });
  });

  test('a signature that the outcome does not name is not taken', async () => {
    const asked = await client.operations.ask(own.signing.id, {
      grantId: own.signGrant,
      personalKeyId: own.clerk.key.id,
      request: { kind: 'sign', scheme: 'sm2-sm3', messageB64: 'AAAA' },
      documentType: 'guarantee',
      reason: 'for a supplier',
    });
    const other = gm.sm2.sign(gm.sm2.generateKeyPair().privateKey, utf8ToBytes('x'));
    const resultB64 = Buffer.from(other).toString('base64');
    const using = useBy(
      {
        complete: (answer: { operation: Operation }) => ({
          ...answer,
          operation: { ...answer.operation, resultB64 },
        }),
      },
      asked,
    );
    await expect(using).rejects.toMatchObject({ member: 'result' });
  });

  test('an approval names the decision that is shown, and nothing else is signed for it', async () => {
    signed = [];
    const asked = await ask();
    const hash = bytesToHex(gm.sm3(utf8ToBytes(asked.decision)));
    for (const text of ['{}', canonicalJson({ approves: asked.id, decisionHash: hash })]) {
      const lying = { ...asked, approvalText: text };
      const approving = approveUse(client, session, own.clerk.key.id, lying);
      await expect(approving).rejects.toMatchObject({ member: 'approves' });
    }
    expect(signed).toEqual([]);
    expect(hexToBytes(hash)).toHaveLength(32);
  });
});
