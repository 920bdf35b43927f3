import type { Role } from '../client/index.ts';
import type { Key } from './i18n/index.ts';
import type { Right } from './routes.tsx';
import { allows, identity } from './session.ts';

/** A page that one goes to by name; pages of single things are reached from these. */
export interface Place {
  words: Key;
  href: string;
  /** Pages that belong to it under other addresses. */
  also?: readonly string[];
  /** The letter after `g`; all 26 are given away. */
  letter?: string;
  right?: Right;
  /** A page that is not the console's own. */
  leaves?: boolean;
}

const places = {
  home: { words: 'nav.home', href: '/', letter: 'h' },
  verify: { words: 'nav.verify', href: '/verify', letter: 'v', right: 'writeSeals' },
  review: { words: 'nav.review', href: '/review', letter: 'e', right: 'readSeals' },
  seals: {
    words: 'nav.seals',
    href: '/seals',
    letter: 's',
    right: 'readSeals',
    also: ['/seal-changes'],
  },
  verifications: {
    words: 'nav.verifications',
    href: '/verifications',
    letter: 'r',
    right: 'readSeals',
  },
  jobs: { words: 'nav.jobs', href: '/jobs', letter: 'j', right: 'readSeals' },
  policies: { words: 'nav.policies', href: '/policies', letter: 'b', right: 'readPolicies' },
  apply: { words: 'nav.apply', href: '/apply', letter: 'p', right: 'apply' },
  certificates: {
    words: 'nav.certificates',
    href: '/certificates',
    letter: 't',
    right: 'readCertificates',
  },
  authorities: {
    words: 'nav.authorities',
    href: '/certificates/authorities',
    right: 'operateChips',
  },
  federation: { words: 'nav.federation', href: '/federation', letter: 'f', right: 'readModel' },
  institutions: {
    words: 'nav.institutions',
    href: '/institutions',
    letter: 'n',
    also: ['/institution-keys', '/uses'],
  },
  approvals: { words: 'nav.approvals', href: '/approvals', letter: 'w' },
  pay: { words: 'nav.pay', href: '/pay', letter: 'y', right: 'pay' },
  risk: { words: 'nav.risk', href: '/risk', letter: 'i', right: 'watchPayments' },
  keys: { words: 'nav.keys', href: '/keys', letter: 'k', also: ['/devices'] },
  signed: { words: 'nav.signed', href: '/signed', letter: 'z' },
  tokens: { words: 'nav.tokens', href: '/tokens', letter: 'o' },
  webhooks: { words: 'nav.webhooks', href: '/webhooks', letter: 'g', right: 'readWebhooks' },
  chips: { words: 'nav.chips', href: '/chips', letter: 'x', right: 'operateChips' },
  audit: { words: 'nav.audit', href: '/audit', letter: 'a', right: 'readAudit' },
  uses: { words: 'nav.uses', href: '/audit/uses', letter: 'u', right: 'readUses' },
  evidence: { words: 'nav.evidence', href: '/audit/verify', letter: 'q' },
  ledger: { words: 'nav.ledger', href: '/ledger', letter: 'l' },
  tagger: { words: 'nav.tagger', href: '/tagger', letter: 'm' },
  core: { words: 'nav.core', href: '/core', letter: 'c', right: 'measureCore' },
  api: { words: 'nav.api', href: '/docs', letter: 'd', leaves: true },
} as const satisfies Record<string, Place>;

type PlaceName = keyof typeof places;

/** Pages and tabs inside those, which are found by typing. */
const innerPlaces: readonly Place[] = [
  { words: 'enrol.title', href: '/seals/enrol', right: 'writeSeals' },
  { words: 'import.title', href: '/seals/import', right: 'writeSeals' },
  { words: 'account.new', href: '/seals/accounts/new', right: 'writeSeals' },
  { words: 'seal.changes.title', href: '/seal-changes', right: 'readSeals' },
  { words: 'find.applications', href: '/certificates/applications', right: 'readCertificates' },
  { words: 'find.certificate', href: '/certificates/apply', right: 'applyCertificates' },
  { words: 'find.behaviour', href: '/tokens/behaviour' },
  { words: 'find.systems', href: '/tokens/systems' },
  { words: 'find.signing-keys', href: '/tokens/keys' },
  { words: 'find.training', href: '/federation?at=training', right: 'readModel' },
  { words: 'find.parties', href: '/federation?at=parties', right: 'readModel' },
  { words: 'find.tiers', href: '/federation?at=rules', right: 'readRules' },
  { words: 'find.paid', href: '/pay/history', right: 'pay' },
  { words: 'find.payment-rules', href: '/risk?at=policy', right: 'watchPayments' },
  { words: 'find.payees', href: '/risk?at=payees', right: 'watchPayments' },
  { words: 'find.payments', href: '/risk?at=past', right: 'watchPayments' },
  { words: 'find.devices', href: '/devices' },
];

/** What each role does all day; everything else it may open is in "go to". */
const rails: Readonly<Record<Role, readonly PlaceName[]>> = {
  teller: ['home', 'verify', 'seals', 'verifications', 'certificates', 'jobs', 'approvals'],
  reviewer: ['home', 'review', 'seals', 'verifications', 'jobs', 'certificates', 'approvals'],
  administrator: [
    'home',
    'certificates',
    'institutions',
    'approvals',
    'seals',
    'policies',
    'federation',
    'chips',
    'tokens',
    'audit',
  ],
  risk_officer: ['home', 'risk', 'policies', 'federation', 'certificates', 'approvals', 'uses'],
  auditor: ['home', 'audit', 'uses', 'evidence', 'ledger', 'verifications', 'certificates'],
  developer: ['home', 'tokens', 'webhooks', 'tagger', 'core', 'certificates', 'api'],
  operator: ['home', 'chips', 'authorities', 'tokens', 'ledger', 'api'],
  customer: ['home', 'pay', 'signed', 'keys', 'certificates', 'tokens'],
};

const open = ({ right }: Place) => right === undefined || allows(right);

/** Every page by name that this person may open. */
export function placesFor(): readonly Place[] {
  return Object.values<Place>(places).filter(open);
}

/** What is inside them, as far as this person may open it. */
export function innerPlacesFor(): readonly Place[] {
  return innerPlaces.filter(open);
}

/** Words, not icons, in the order of the person's day. */
export function railFor(): readonly Place[] {
  const role = identity.value?.role;
  return role === undefined ? [] : rails[role].map((name) => places[name]).filter(open);
}

/** Which place the page belongs to. */
export function placeOf(path: string): string {
  const found = Object.values<Place>(places)
    .flatMap(({ href, also = [] }) => [href, ...also].map((start) => ({ href, start })))
    .filter(({ start }) => start !== '/' && (path === start || path.startsWith(`${start}/`)))
    .sort((a, b) => b.start.length - a.start.length);
  return found[0]?.href ?? '/';
}
