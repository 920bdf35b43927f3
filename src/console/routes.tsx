import type { ComponentChildren } from 'preact';
import type { Key } from './i18n/index.ts';
import { matchPath } from './match-path.ts';
import { AccountPage } from './pages/account.tsx';
import { AccountsPage } from './pages/accounts.tsx';
import { ApplicationPage, ApplicationsPage } from './pages/applications.tsx';
import { ApplyPage } from './pages/apply.tsx';
import { ApplyCertificatePage } from './pages/apply-certificate.tsx';
import { AuditPage } from './pages/audit.tsx';
import { CertificatePage } from './pages/certificate.tsx';
import { CertificatesPage } from './pages/certificates.tsx';
import { ChipsPage } from './pages/chips.tsx';
import { CorePage } from './pages/core.tsx';
import { EnrolPage } from './pages/enrol.tsx';
import { FederationPage } from './pages/federation.tsx';
import { HomePage } from './pages/home.tsx';
import { JobsPage } from './pages/jobs.tsx';
import { LedgerPage } from './pages/ledger.tsx';
import { LedgerEntryPage } from './pages/ledger-entry.tsx';
import { NewAccountPage } from './pages/new-account.tsx';
import { PoliciesPage } from './pages/policies.tsx';
import { ReviewPage } from './pages/review.tsx';
import { SealPage } from './pages/seal.tsx';
import { TaggerPage } from './pages/tagger.tsx';
import { VerificationPage } from './pages/verification.tsx';
import { VerificationsPage } from './pages/verifications.tsx';
import { VerifyPage } from './pages/verify.tsx';
import { allows } from './session.ts';

type Right = Parameters<typeof allows>[0];

interface Route {
  pattern: string;
  right?: Right;
  render: (parameters: Record<string, string>) => ComponentChildren;
}

/** In order: the first pattern that fits wins. */
const routes: readonly Route[] = [
  { pattern: '/', render: () => <HomePage /> },
  { pattern: '/verify', right: 'writeSeals', render: () => <VerifyPage /> },
  { pattern: '/seals', right: 'readSeals', render: () => <AccountsPage /> },
  { pattern: '/seals/enrol', right: 'writeSeals', render: () => <EnrolPage /> },
  { pattern: '/seals/accounts/new', right: 'writeSeals', render: () => <NewAccountPage /> },
  {
    pattern: '/seals/accounts/:id',
    right: 'readSeals',
    render: ({ id = '' }) => <AccountPage key={id} id={id} />,
  },
  {
    pattern: '/seals/:id',
    right: 'readSeals',
    render: ({ id = '' }) => <SealPage key={id} id={id} />,
  },
  { pattern: '/verifications', right: 'readSeals', render: () => <VerificationsPage /> },
  {
    pattern: '/verifications/:id',
    right: 'readSeals',
    render: ({ id = '' }) => <VerificationPage key={id} id={id} />,
  },
  { pattern: '/certificates', right: 'readCertificates', render: () => <CertificatesPage /> },
  {
    pattern: '/certificates/apply',
    right: 'applyCertificates',
    render: () => <ApplyCertificatePage />,
  },
  {
    pattern: '/certificates/applications',
    right: 'readCertificates',
    render: () => <ApplicationsPage />,
  },
  {
    pattern: '/certificates/applications/:id',
    right: 'readCertificates',
    render: ({ id = '' }) => <ApplicationPage key={id} id={id} />,
  },
  {
    pattern: '/certificates/:serial',
    right: 'readCertificates',
    render: ({ serial = '' }) => <CertificatePage key={serial} serial={serial} />,
  },
  { pattern: '/review', right: 'readSeals', render: () => <ReviewPage /> },
  { pattern: '/jobs', right: 'readSeals', render: () => <JobsPage /> },
  { pattern: '/jobs/:id', right: 'readSeals', render: ({ id = '' }) => <JobsPage id={id} /> },
  { pattern: '/policies', right: 'readPolicies', render: () => <PoliciesPage /> },
  { pattern: '/apply', right: 'apply', render: () => <ApplyPage /> },
  { pattern: '/federation', right: 'readModel', render: () => <FederationPage /> },
  { pattern: '/audit', right: 'readAudit', render: () => <AuditPage /> },
  { pattern: '/ledger', render: () => <LedgerPage /> },
  {
    // Not below /ledger: those addresses are the service's own.
    pattern: '/ledger-entry/:index',
    render: ({ index = '' }) => <LedgerEntryPage key={index} index={Number(index)} />,
  },
  { pattern: '/chips', right: 'operateChips', render: () => <ChipsPage /> },
  { pattern: '/tagger', render: () => <TaggerPage /> },
  { pattern: '/core', right: 'measureCore', render: () => <CorePage /> },
];

export function routeFor(
  path: string,
): { route: Route; parameters: Record<string, string> } | undefined {
  for (const route of routes) {
    const parameters = matchPath(route.pattern, path);
    if (parameters) return { route, parameters };
  }
  return undefined;
}

export interface RailEntry {
  words: Key;
  href: string;
  /** The letter after `g`. */
  letter: string;
  right?: Right;
  /** A page that is not the console's own. */
  leaves?: boolean;
}

/** Words, not icons; only pages that exist, and only those that the role may open. */
const rail: readonly RailEntry[] = [
  { words: 'nav.home', href: '/', letter: 'h' },
  { words: 'nav.verify', href: '/verify', letter: 'v', right: 'writeSeals' },
  { words: 'nav.seals', href: '/seals', letter: 's', right: 'readSeals' },
  { words: 'nav.verifications', href: '/verifications', letter: 'r', right: 'readSeals' },
  { words: 'nav.certificates', href: '/certificates', letter: 't', right: 'readCertificates' },
  { words: 'nav.review', href: '/review', letter: 'e', right: 'readSeals' },
  { words: 'nav.jobs', href: '/jobs', letter: 'j', right: 'readSeals' },
  { words: 'nav.policies', href: '/policies', letter: 'p', right: 'readPolicies' },
  { words: 'nav.audit', href: '/audit', letter: 'a', right: 'readAudit' },
  { words: 'nav.apply', href: '/apply', letter: 'p', right: 'apply' },
  { words: 'nav.federation', href: '/federation', letter: 'f', right: 'readModel' },
  { words: 'nav.ledger', href: '/ledger', letter: 'l' },
  { words: 'nav.chips', href: '/chips', letter: 'x', right: 'operateChips' },
  { words: 'nav.api', href: '/docs', letter: 'd', leaves: true },
  { words: 'nav.tagger', href: '/tagger', letter: 'm' },
  { words: 'nav.core', href: '/core', letter: 'c', right: 'measureCore' },
];

export function railFor(): readonly RailEntry[] {
  return rail.filter((entry) => entry.right === undefined || allows(entry.right));
}

/** Which entry of the rail the page belongs to. */
export function railPlace(path: string): string {
  const entry = rail.findLast((item) => item.href !== '/' && path.startsWith(item.href));
  return entry?.href ?? '/';
}
