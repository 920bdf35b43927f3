import type { Role } from '../../client/index.ts';
import type { Key } from '../i18n/index.ts';
import { client } from '../session.ts';
import type { Tick } from './ticks.ts';

export interface Step {
  readonly tick: Tick;
  readonly words: Key;
  readonly href: string;
  /** Who does it: the role it is written for first. */
  readonly roles: readonly [Role, ...Role[]];
}

export interface Journey {
  readonly title: Key;
  readonly what: Key;
  readonly steps: readonly Step[];
  /** Who may ask the service about it. */
  readonly readers: readonly Role[];
  /** Which steps the service says are done; steps that it cannot know are left out. */
  readonly probe: (signal: AbortSignal) => Promise<Partial<Record<Tick, boolean>>>;
}

const sealWriters = ['teller', 'administrator'] as const;
const applicants = ['customer', 'teller', 'administrator', 'developer'] as const;

const imprint: Journey = {
  title: 'home.imprint',
  what: 'home.imprint.what',
  steps: [
    {
      tick: 'imprint.enrol',
      words: 'home.imprint.enrol',
      href: '/seals/enrol',
      roles: sealWriters,
    },
    { tick: 'imprint.genuine', words: 'home.imprint.genuine', href: '/verify', roles: sealWriters },
    { tick: 'imprint.forged', words: 'home.imprint.forged', href: '/verify', roles: sealWriters },
    {
      tick: 'imprint.compare',
      words: 'home.imprint.compare',
      href: '/verifications',
      roles: [...sealWriters, 'reviewer', 'auditor'],
    },
  ],
  readers: ['teller', 'reviewer', 'administrator', 'auditor'],
  async probe(signal) {
    const [seals, { items }] = await Promise.all([
      client.seals.list({ limit: 1 }, { signal }),
      client.verifications.list({ limit: 50 }, { signal }),
    ]);
    return {
      'imprint.enrol': seals.items.length > 0,
      'imprint.genuine': items.some(({ verdict }) => verdict === 'pass'),
      'imprint.forged': items.some(({ verdict }) => verdict !== 'pass'),
    };
  },
};

const certificate: Journey = {
  title: 'home.certificate',
  what: 'home.certificate.what',
  steps: [
    {
      tick: 'certificate.apply',
      words: 'home.certificate.apply',
      href: '/apply',
      roles: applicants,
    },
    {
      tick: 'certificate.issue',
      words: 'home.certificate.issue',
      href: '/certificates/applications',
      roles: ['administrator', 'risk_officer'],
    },
    {
      tick: 'certificate.thaw',
      words: 'home.certificate.thaw',
      href: '/certificates',
      roles: ['administrator'],
    },
    {
      tick: 'certificate.alter',
      words: 'home.certificate.alter',
      href: '/certificates',
      roles: ['administrator'],
    },
  ],
  readers: ['administrator', 'reviewer', 'risk_officer', 'auditor', 'teller'],
  async probe(signal) {
    const [applications, all, active] = await Promise.all([
      client.certificates.applications.list({ limit: 1 }, { signal }),
      client.certificates.list({ limit: 1 }, { signal }),
      client.certificates.list({ limit: 1, state: 'active' }, { signal }),
    ]);
    return {
      'certificate.apply': applications.items.length > 0,
      'certificate.issue': all.items.length > 0,
      'certificate.thaw': active.items.length > 0,
    };
  },
};

const signing: Journey = {
  title: 'home.signing',
  what: 'home.signing.what',
  steps: [
    {
      tick: 'signing.key',
      words: 'home.signing.key',
      href: '/institutions',
      roles: ['administrator'],
    },
    {
      tick: 'signing.grant',
      words: 'home.signing.grant',
      href: '/institutions',
      roles: ['administrator'],
    },
    {
      tick: 'signing.use',
      words: 'home.signing.use',
      href: '/institutions',
      roles: ['teller', 'administrator', 'customer', 'developer', 'reviewer', 'risk_officer'],
    },
    {
      tick: 'signing.verify',
      words: 'home.signing.verify',
      href: '/audit/verify',
      roles: ['auditor', 'administrator', 'risk_officer', 'teller', 'reviewer', 'developer'],
    },
  ],
  readers: ['administrator', 'auditor', 'risk_officer'],
  async probe(signal) {
    const found = { 'signing.key': false, 'signing.grant': false, 'signing.use': false };
    const { items: institutions } = await client.institutions.list({ limit: 20 }, { signal });
    for (const { id } of institutions) {
      const { items: keys } = await client.institutions.keys(id, { limit: 20 }, { signal });
      for (const key of keys) {
        found['signing.key'] = true;
        const [grants, uses] = await Promise.all([
          client.institutionKeys.grants(key.id, { limit: 1 }, { signal }),
          client.institutionKeys.operations(key.id, { limit: 1, state: 'completed' }, { signal }),
        ]);
        found['signing.grant'] ||= grants.items.length > 0;
        found['signing.use'] ||= uses.items.length > 0;
        if (found['signing.use']) return found;
      }
    }
    return found;
  },
};

const token: Journey = {
  title: 'home.token',
  what: 'home.token.what',
  steps: [
    {
      tick: 'token.find',
      words: 'home.token.find',
      href: '/tagger',
      roles: ['developer', ...applicants],
    },
    {
      tick: 'token.get',
      words: 'home.token.get',
      href: '/tokens',
      roles: ['developer', ...applicants],
    },
    {
      tick: 'token.read',
      words: 'home.token.read',
      href: '/tokens',
      roles: ['developer', ...applicants],
    },
  ],
  readers: ['developer', 'customer'],
  async probe(signal) {
    const { items } = await client.tokens.list({ limit: 1 }, { signal });
    return { 'token.get': items.length > 0 };
  },
};

const payment: Journey = {
  title: 'home.payment',
  what: 'home.payment.what',
  steps: [
    {
      tick: 'payment.device',
      words: 'home.payment.device',
      href: '/pay',
      roles: applicants,
    },
    { tick: 'payment.pay', words: 'home.payment.pay', href: '/pay', roles: applicants },
    { tick: 'payment.stopped', words: 'home.payment.stopped', href: '/pay', roles: applicants },
  ],
  readers: ['customer'],
  async probe(signal) {
    const [terminals, { items }] = await Promise.all([
      client.terminals.list({ limit: 1 }, { signal }),
      client.payments.list({ limit: 50 }, { signal }),
    ]);
    return {
      'payment.device': terminals.items.length > 0,
      'payment.pay': items.some(({ state }) => state === 'executed'),
      'payment.stopped': items.some(({ state }) => state === 'terminated'),
    };
  },
};

export const journeys: readonly Journey[] = [imprint, certificate, signing, token, payment];
