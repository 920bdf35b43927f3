import { amountText } from '../../lib/amount-text.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';

/**
 * The decision that lets somebody use an institution's key once (C4): everything that it rests on,
 * so that the person reads it before signing, and whoever holds the record can judge it later.
 *
 * Its canonical text is what the statement names by hash; approving persons sign that hash too.
 */
export interface UseDecision {
  readonly v: 2;
  readonly kind: 'cinnabar key use';
  readonly verdict: 'allow';
  /** When it was taken; RFC 3339. */
  readonly at: string;
  /** The operation that it is about, and no other. */
  readonly operation: string;
  readonly tenant: string;
  readonly key: {
    readonly id: string;
    /** Whom its certificate names. */
    readonly holder: string;
    readonly certificate: DecidedCertificate;
  };
  readonly person: {
    readonly actor: string;
    readonly personalKey: string;
    readonly publicKeyHex: string;
    readonly certificate: DecidedCertificate;
    /** What the settings of the person's certificate allow. */
    readonly role: string;
    readonly permissions: readonly string[];
  };
  /** The right, with its limits. */
  readonly grant: {
    readonly id: string;
    readonly operations: readonly string[];
    /** RFC 3339, both ends included. */
    readonly validFrom: string;
    readonly validUntil: string;
    readonly usesMax: number;
    /** Empty: of any type. */
    readonly documentTypes: readonly string[];
    readonly amountMax?: DecidedAmount;
  };
  readonly use: {
    readonly kind: 'sign' | 'decrypt';
    readonly scheme: string;
    /** As the chips compute it from what they sign or decrypt; the statement has the same. */
    readonly digestHex: string;
  };
  readonly document?: DecidedDocument;
  readonly documentType: string;
  readonly amount?: DecidedAmount;
  readonly reason: string;
  /** Other persons that must agree: of the grant, or because the risk asks for one. */
  readonly approvalsNeeded: number;
  readonly risk: {
    /** Names the rules that gave the score. */
    readonly rules: string;
    readonly verdict: 'allow' | 'challenge';
    readonly score: number;
    readonly reasons: readonly {
      readonly rule: string;
      readonly points: number;
      readonly seen: number;
      readonly threshold: number;
    }[];
  };
  /** A seal on paper that was verified here, and that the request leans on. */
  readonly sealVerification?: {
    readonly id: string;
    readonly sealId: string;
    readonly verdict: string;
    readonly at: string;
  };
}

export interface DecidedCertificate {
  readonly serial: string;
  /**
   * At the time of the decision. Whoever acts has one in force; of the institution's key it may have
   * ended, or been followed by another, when something is decrypted.
   */
  readonly standing: string;
}

export interface DecidedAmount {
  readonly currency: string;
  readonly minor: number;
}

/** What the decision says of a file, with what becomes of it. */
export interface DecidedDocument {
  readonly action: string;
  readonly name: string;
  readonly bytes: number;
  /** Of the file as it was handed in; hex. */
  readonly sha256: string;
  readonly [option: string]: string | number | boolean | undefined;
}

export interface UseWords {
  readonly zh: string;
  readonly en: string;
}

const actions: Readonly<Record<string, UseWords>> = {
  sign: { zh: '签名', en: 'sign' },
  decrypt: { zh: '解密', en: 'decrypt' },
  cms: { zh: '签署文件（CMS）', en: 'sign the file (CMS)' },
  pdf: { zh: '签署 PDF 文件', en: 'sign the PDF file' },
  make_seal: { zh: '制作电子印章', en: 'make the electronic seal' },
  seal: { zh: '加盖电子印章', en: 'put the electronic seal on the file' },
  open: { zh: '解密文件', en: 'decrypt the file' },
};

/**
 * What the person reads before signing, in both languages. Made of the decision and nothing else,
 * so that words and facts cannot say different things.
 */
export function useWords(decision: UseDecision): UseWords {
  const { person, key, use, document, documentType, amount, reason } = decision;
  const action = actions[document?.action ?? use.kind] ?? { zh: use.kind, en: use.kind };
  const name = document ? { zh: `《${document.name}》`, en: ` “${document.name}”` } : none;
  const money = amount && `${amount.currency} ${amountText(amount.minor, amount.currency)}`;
  return {
    zh: `${person.actor} 使用“${key.holder}”的密钥${action.zh}${name.zh}，文件类型：${documentType}${money ? `，金额 ${money}` : ''}，用途：${reason}`,
    en: `${person.actor} uses the key of “${key.holder}” to ${action.en}${name.en}, type ${documentType}${money ? `, amount ${money}` : ''}, for: ${reason}`,
  };
}

const none: UseWords = { zh: '', en: '' };

/** The one text of a decision (RFC 8785), with its words. */
export function decisionText(decision: UseDecision): string {
  const words = { ...useWords(decision) };
  return canonicalJson({ ...decision, words } as unknown as Json);
}

/**
 * The decision that a text says, if it is the canonical text of one: what a reader shows of it is
 * all that is signed.
 */
export function readDecision(text: string): UseDecision | undefined {
  try {
    const { words: _, ...decision } = JSON.parse(text) as UseDecision & { words: unknown };
    const isOne = decision.v === 2 && decision.kind === 'cinnabar key use';
    return isOne && decisionText(decision) === text ? decision : undefined;
  } catch {
    return undefined;
  }
}

/** What an approving person signs: this operation, decided like this. */
export function approvalStatement(operation: string, decisionHash: string): string {
  return canonicalJson({ v: 2, kind: 'cinnabar use approval', approves: operation, decisionHash });
}
