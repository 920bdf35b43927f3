import type { homeZh } from './home.zh.ts';

/** Words of the start page, in English. */
export const homeEn: Record<keyof typeof homeZh, string> = {
  'home.title': 'May this person use the seal? Is the imprint genuine?',
  'home.lead': 'Five journeys of about a minute. Each one you finish is stamped.',
  'home.progress': '{done} of {all} done',
  'home.journeys': 'Five journeys',
  'home.numbers': '1 2 3 4 5',
  'home.done': 'All steps are done',
  'home.start': 'Begin',
  'home.continue': 'Continue',
  'home.again': 'Once more',
  'home.person': '{name}, {role}',

  'home.imprint': 'Verify an imprint',
  'home.imprint.what':
    'Present a voucher; see which algorithms the policy draws, and what each says.',
  'home.imprint.enrol': 'Enrol a reserved imprint',
  'home.imprint.genuine': 'A genuine one: passes',
  'home.imprint.forged': 'A forged one: differs',
  'home.imprint.compare': 'Lay one over the other',

  'home.certificate': 'Issue a certificate',
  'home.certificate.what':
    'Three parties score and none sees the whole; the certificate is frozen until the ledger agrees.',
  'home.certificate.apply': 'Consent and score',
  'home.certificate.issue': 'Check identity, approve',
  'home.certificate.thaw': 'Check the ledger, thaw',
  'home.certificate.alter': 'Alter one byte: refused',

  'home.signing': 'Sign a document',
  'home.signing.what':
    'The institution’s key never leaves the chips; whoever uses it signs for each use.',
  'home.signing.key': 'Register, make its keys',
  'home.signing.grant': 'Grant it, within limits',
  'home.signing.use': 'Sign with it',
  'home.signing.verify': 'Verify the record offline',

  'home.token': 'Get a token',
  'home.token.what':
    'Public claims for all, sensitive ones for the named system only, which asks nobody.',
  'home.token.find': 'See sensitive fields found',
  'home.token.get': 'Get a token',
  'home.token.read': 'A business system opens it',

  'home.payment': 'Make a payment',
  'home.payment.what':
    'Phone and cloud each hold half a key and sign together; what is too risky is stopped.',
  'home.payment.device': 'Register a device',
  'home.payment.pay': 'Pay ¥100: done',
  'home.payment.stopped': 'Pay ¥900,000: stopped',

  'home.waiting': 'Waiting for you',
  'home.waiting.none': 'Nothing. What colleagues leave for you to decide is listed here.',
  'home.waiting.reviews': 'imprints to review',
  'home.waiting.seals': 'seal changes to approve',
  'home.waiting.applications': 'certificate applications under way',
  'home.waiting.signatures': 'grants and uses for your signature',
  'home.waiting.payments': 'payments to decide',
  'home.waiting.policies': 'verification policies to approve',

  'home.recent': 'Recent verifications',
  'home.all': 'All records',
  'home.own': 'Pay and sign with your own key',
  'home.own.what':
    'The key is in two halves, one on your device, one in the bank’s chips. Register the device once, then confirm with a fingerprint.',
  'home.own.signed': 'What I signed',
  'home.own.keys': 'Keys and devices',
};
