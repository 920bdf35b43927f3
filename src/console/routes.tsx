import { HomePage } from './home/page.tsx';
import { matchPath } from './match-path.ts';
import { type LazyPage, lazyPage } from './parts/lazy.tsx';
import type { allows } from './session.ts';

export type Right = Parameters<typeof allows>[0];

interface Route {
  pattern: string;
  right?: Right;
  render: LazyPage;
}

/** In order: the first pattern that fits wins. Each page is fetched when it is first opened. */
const routes: readonly Route[] = [
  { pattern: '/', render: () => <HomePage /> },
  {
    pattern: '/verify',
    right: 'writeSeals',
    render: lazyPage(
      () => import('./pages/verify.tsx'),
      ({ VerifyPage }) => <VerifyPage />,
    ),
  },
  {
    pattern: '/verify/card/:account/:card',
    right: 'writeSeals',
    render: lazyPage(
      () => import('./pages/verify-card.tsx'),
      ({ VerifyCardPage }, { account = '', card = '' }) => (
        <VerifyCardPage key={card} accountId={account} cardId={card} />
      ),
    ),
  },
  {
    pattern: '/seals',
    right: 'readSeals',
    render: lazyPage(
      () => import('./pages/accounts.tsx'),
      ({ AccountsPage }) => <AccountsPage />,
    ),
  },
  {
    pattern: '/seals/enrol',
    right: 'writeSeals',
    render: lazyPage(
      () => import('./pages/enrol.tsx'),
      ({ EnrolPage }) => <EnrolPage />,
    ),
  },
  {
    pattern: '/seals/import',
    right: 'writeSeals',
    render: lazyPage(
      () => import('./pages/import-seals.tsx'),
      ({ ImportSealsPage }) => <ImportSealsPage />,
    ),
  },
  {
    pattern: '/seals/accounts/new',
    right: 'writeSeals',
    render: lazyPage(
      () => import('./pages/new-account.tsx'),
      ({ NewAccountPage }) => <NewAccountPage />,
    ),
  },
  {
    pattern: '/seals/accounts/:id',
    right: 'readSeals',
    render: lazyPage(
      () => import('./pages/account.tsx'),
      ({ AccountPage }, { id = '' }) => <AccountPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/seals/:id',
    right: 'readSeals',
    render: lazyPage(
      () => import('./pages/seal.tsx'),
      ({ SealPage }, { id = '' }) => <SealPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/seals/:id/change',
    right: 'writeSeals',
    render: lazyPage(
      () => import('./seal-changes/change.tsx'),
      ({ ChangeSeal }, { id = '' }) => <ChangeSeal key={id} id={id} />,
    ),
  },
  {
    pattern: '/seal-changes',
    right: 'readSeals',
    render: lazyPage(
      () => import('./seal-changes/list.tsx'),
      ({ SealChanges }) => <SealChanges />,
    ),
  },
  {
    pattern: '/verifications',
    right: 'readSeals',
    render: lazyPage(
      () => import('./pages/verifications.tsx'),
      ({ VerificationsPage }) => <VerificationsPage />,
    ),
  },
  {
    pattern: '/verifications/:id',
    right: 'readSeals',
    render: lazyPage(
      () => import('./pages/verification.tsx'),
      ({ VerificationPage }, { id = '' }) => <VerificationPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/webhooks',
    right: 'readWebhooks',
    render: lazyPage(
      () => import('./webhooks/page.tsx'),
      ({ WebhooksPage }) => <WebhooksPage />,
    ),
  },
  {
    pattern: '/tokens',
    render: lazyPage(
      () => import('./tokens/token.tsx'),
      ({ TokenPage }) => <TokenPage />,
    ),
  },
  {
    pattern: '/tokens/behaviour',
    render: lazyPage(
      () => import('./tokens/behaviour.tsx'),
      ({ BehaviourPage }) => <BehaviourPage />,
    ),
  },
  {
    pattern: '/tokens/systems',
    render: lazyPage(
      () => import('./tokens/systems.tsx'),
      ({ SystemsPage }) => <SystemsPage />,
    ),
  },
  {
    pattern: '/tokens/keys',
    render: lazyPage(
      () => import('./tokens/keys.tsx'),
      ({ KeysPage }) => <KeysPage />,
    ),
  },
  {
    pattern: '/certificates',
    right: 'readCertificates',
    render: lazyPage(
      () => import('./pages/certificates.tsx'),
      ({ CertificatesPage }) => <CertificatesPage />,
    ),
  },
  {
    pattern: '/certificates/apply',
    right: 'applyCertificates',
    render: lazyPage(
      () => import('./pages/apply-certificate.tsx'),
      ({ ApplyCertificatePage }) => <ApplyCertificatePage />,
    ),
  },
  {
    pattern: '/certificates/applications',
    right: 'readCertificates',
    render: lazyPage(
      () => import('./pages/applications.tsx'),
      ({ ApplicationsPage }) => <ApplicationsPage />,
    ),
  },
  {
    pattern: '/certificates/applications/:id',
    right: 'readCertificates',
    render: lazyPage(
      () => import('./pages/applications.tsx'),
      ({ ApplicationPage }, { id = '' }) => <ApplicationPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/certificates/authorities',
    right: 'operateChips',
    render: lazyPage(
      () => import('./authorities/page.tsx'),
      ({ AuthoritiesPage }) => <AuthoritiesPage />,
    ),
  },
  {
    pattern: '/certificates/:serial',
    right: 'readCertificates',
    render: lazyPage(
      () => import('./pages/certificate.tsx'),
      ({ CertificatePage }, { serial = '' }) => <CertificatePage key={serial} serial={serial} />,
    ),
  },
  {
    pattern: '/review',
    right: 'readSeals',
    render: lazyPage(
      () => import('./review/workstation.tsx'),
      ({ Workstation }) => <Workstation />,
    ),
  },
  {
    pattern: '/jobs',
    right: 'readSeals',
    render: lazyPage(
      () => import('./jobs/page.tsx'),
      ({ JobList }) => <JobList />,
    ),
  },
  {
    pattern: '/jobs/:id',
    right: 'readSeals',
    render: lazyPage(
      () => import('./jobs/page.tsx'),
      ({ JobDetail }, { id = '' }) => <JobDetail key={id} id={id} />,
    ),
  },
  {
    pattern: '/policies',
    right: 'readPolicies',
    render: lazyPage(
      () => import('./policies/page.tsx'),
      ({ PolicyEditor }) => <PolicyEditor />,
    ),
  },
  {
    pattern: '/apply',
    right: 'apply',
    render: lazyPage(
      () => import('./federation/apply.tsx'),
      ({ Apply }) => <Apply />,
    ),
  },
  {
    pattern: '/federation',
    right: 'readModel',
    render: lazyPage(
      () => import('./federation/analysis.tsx'),
      ({ Analysis }) => <Analysis />,
    ),
  },
  {
    pattern: '/institutions',
    render: lazyPage(
      () => import('./institution/pages.tsx'),
      ({ InstitutionsPage }) => <InstitutionsPage />,
    ),
  },
  {
    pattern: '/institutions/:id',
    render: lazyPage(
      () => import('./institution/pages.tsx'),
      ({ InstitutionPage }, { id = '' }) => <InstitutionPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/institution-keys/:id',
    render: lazyPage(
      () => import('./institution/pages.tsx'),
      ({ KeyPage }, { id = '' }) => <KeyPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/institution-keys/:id/use',
    render: lazyPage(
      () => import('./institution/pages.tsx'),
      ({ UsePage }, { id = '' }) => <UsePage key={id} id={id} />,
    ),
  },
  {
    pattern: '/uses/:id',
    render: lazyPage(
      () => import('./institution/pages.tsx'),
      ({ OperationPage }, { id = '' }) => <OperationPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/approvals',
    render: lazyPage(
      () => import('./institution/pages.tsx'),
      ({ ApprovalsPage }) => <ApprovalsPage />,
    ),
  },
  {
    pattern: '/audit/uses',
    right: 'readUses',
    render: lazyPage(
      () => import('./evidence/pages.tsx'),
      ({ UsesPage }) => <UsesPage />,
    ),
  },
  {
    pattern: '/audit/verify',
    render: lazyPage(
      () => import('./evidence/pages.tsx'),
      ({ VerifyEvidencePage }) => <VerifyEvidencePage />,
    ),
  },
  {
    pattern: '/audit',
    right: 'readAudit',
    render: lazyPage(
      () => import('./pages/audit.tsx'),
      ({ AuditPage }) => <AuditPage />,
    ),
  },
  {
    pattern: '/ledger',
    render: lazyPage(
      () => import('./pages/ledger.tsx'),
      ({ LedgerPage }) => <LedgerPage />,
    ),
  },
  {
    // Not below /ledger: those addresses are the service's own.
    pattern: '/ledger-entry/:index',
    render: lazyPage(
      () => import('./pages/ledger-entry.tsx'),
      ({ LedgerEntryPage }, { index = '' }) => (
        <LedgerEntryPage key={index} index={Number(index)} />
      ),
    ),
  },
  {
    pattern: '/chips',
    right: 'operateChips',
    render: lazyPage(
      () => import('./chips/page.tsx'),
      ({ ClusterPage }) => <ClusterPage />,
    ),
  },
  {
    pattern: '/tagger',
    render: lazyPage(
      async () => {
        const [page, core] = await Promise.all([
          import('./tagger/page.tsx'),
          import('../core/tagger.ts'),
        ]);
        return { Playground: page.Playground, tagger: await core.loadTagger() };
      },
      ({ Playground, tagger }) => <Playground tagger={tagger} />,
    ),
  },
  {
    pattern: '/core',
    right: 'measureCore',
    render: lazyPage(
      () => import('./measure/page.tsx'),
      ({ MeasurePage }) => <MeasurePage />,
    ),
  },
  {
    pattern: '/pay',
    right: 'pay',
    render: lazyPage(
      () => import('./pay/pay.tsx'),
      ({ PayPage }) => <PayPage />,
    ),
  },
  {
    pattern: '/pay/history',
    right: 'pay',
    render: lazyPage(
      () => import('./pay/history.tsx'),
      ({ HistoryPage }) => <HistoryPage />,
    ),
  },
  {
    pattern: '/pay/:id',
    right: 'pay',
    render: lazyPage(
      () => import('./pay/order.tsx'),
      ({ OrderPage }, { id = '' }) => <OrderPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/risk',
    right: 'watchPayments',
    render: lazyPage(
      () => import('./risk/page.tsx'),
      ({ RiskDesk }) => <RiskDesk />,
    ),
  },
  {
    pattern: '/keys',
    render: lazyPage(
      () => import('./person/pages.tsx'),
      ({ KeysPage }) => <KeysPage />,
    ),
  },
  {
    pattern: '/keys/:id',
    render: lazyPage(
      () => import('./person/pages.tsx'),
      ({ KeyPage }, { id = '' }) => <KeyPage key={id} id={id} />,
    ),
  },
  {
    pattern: '/signed',
    render: lazyPage(
      () => import('./person/pages.tsx'),
      ({ SignedPage }) => <SignedPage />,
    ),
  },
  {
    pattern: '/devices',
    render: lazyPage(
      () => import('./person/pages.tsx'),
      ({ DevicesPage }) => <DevicesPage />,
    ),
  },
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
