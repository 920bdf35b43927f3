import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { derivedUuid } from '../../lib/uuid.ts';
import { type KeyRecord, serviceTenant } from '../chips/keys.ts';
import { CinnabarError } from '../errors.ts';
import type { AuthorityRole, AuthorityRow, CertificateDeps } from './ports.ts';
import type { KeyAlgorithm, KeyUsage } from './profiles.ts';
import {
  buildCertificate,
  type CertificateIssuer,
  type ExtendedKeyUsage,
  encodeName,
  type SubjectName,
} from './x509/build.ts';
import { buildCrl, crlEndsAtMs } from './x509/crl.ts';
import type { CertificateSigner } from './x509/library.ts';

type AuthorityDeps = Pick<
  CertificateDeps,
  'certificates' | 'clock' | 'keys' | 'pkiBase' | 'random'
>;

const dayMs = 24 * 60 * 60 * 1000;

type CertifiedRole = Exclude<AuthorityRole, 'root_list'>;

/**
 * What a root's key may ever sign: its own certificate, issuing authorities and lists. Several
 * attempts at once each count, so this is more than a hundred years need and little for a thief.
 */
const rootUsesMax = 256;
/** The root's list is made for so long, and anew when less than the second is left. */
const rootListLifeMs = 400 * dayMs;
const rootListRenewalMs = 60 * dayMs;

interface RoleProfile {
  readonly name: string;
  readonly validityDays: number;
  /** The certificate is made anew when it has less than this left. */
  readonly renewalDays: number;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly pathLength?: number;
  /** Of the key, over its life; the chips count. */
  readonly usesMax?: number;
}

/**
 * The certificates of the service itself. A root and an issuing authority are not made anew by the
 * clock: that is a ceremony, and certificates below end with their issuer.
 */
const roles: Readonly<Record<CertifiedRole, RoleProfile>> = {
  root: {
    name: 'Root',
    validityDays: 20 * 365,
    renewalDays: 0,
    keyUsage: ['keyCertSign', 'cRLSign'],
    extendedKeyUsage: [],
    pathLength: 1,
    usesMax: rootUsesMax,
  },
  issuing: {
    name: 'Issuing Authority',
    validityDays: 10 * 365,
    renewalDays: 0,
    keyUsage: ['keyCertSign', 'cRLSign'],
    extendedKeyUsage: [],
    pathLength: 0,
  },
  ocsp: {
    name: 'OCSP Responder',
    validityDays: 30,
    renewalDays: 10,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['ocspSigning'],
  },
};

const schemes = { sm2: 'sm2-sm3', p256: 'ecdsa-p256-sha256' } as const;
const labels: Readonly<Record<KeyAlgorithm, string>> = { sm2: 'SM2', p256: 'P-256' };

/** A hierarchy: whoever signs certificates and lists of this kind of key, and its root above. */
export interface Authority {
  readonly algorithm: KeyAlgorithm;
  readonly root: Uint8Array;
  readonly issuing: Uint8Array;
  /** SubjectPublicKeyInfo of the issuing key. */
  readonly spki: Uint8Array;
  readonly notAfterMs: number;
  readonly issuer: CertificateIssuer;
}

/**
 * The hierarchy for a kind of key, made when it is first asked for: keys in the chips, root, then
 * issuing authority and the root's list. Whatever races here, the first row of each role is the one that everybody uses.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `storage_unavailable`
 */
export async function loadAuthority(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
): Promise<Authority> {
  const { certificates } = deps;
  const [knownRoot, knownIssuing] = await Promise.all([
    certificates.findAuthority(algorithm, 'root'),
    certificates.findAuthority(algorithm, 'issuing'),
  ]);
  const { root, issuing } =
    knownRoot && knownIssuing
      ? { root: knownRoot, issuing: knownIssuing }
      : await foundHierarchy(deps, algorithm);
  const parsed = parseCertificate(issuing.der);
  return {
    algorithm,
    root: root.der,
    issuing: issuing.der,
    spki: parsed.spki,
    notAfterMs: parsed.notAfterMs,
    issuer: { ...issuerOf(deps, issuing), urls: urlsOf(deps.pkiBase, algorithm) },
  };
}

/** The ceremony: root, issuing authority, and the root's first list; then the root's key rests. */
async function foundHierarchy(deps: AuthorityDeps, algorithm: KeyAlgorithm) {
  const root = await ensureRole(deps, algorithm, 'root', undefined);
  await renewRootList(deps, root);
  const issuing = await deps.certificates.findAuthority(algorithm, 'issuing');
  return { root, issuing: issuing ?? unreachable('issuing') };
}

/**
 * The root's revocation list (RFC 5280 §5): which issuing authorities are no longer to be believed.
 * Served as it is for a year; the root's key is woken for a new one only then.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `storage_unavailable`
 */
export async function rootList(deps: AuthorityDeps, algorithm: KeyAlgorithm): Promise<Uint8Array> {
  await loadAuthority(deps, algorithm);
  const known = await freshRootList(deps, algorithm);
  if (known) return known;
  const root = await deps.certificates.findAuthority(algorithm, 'root');
  return renewRootList(deps, root ?? unreachable('root'));
}

async function freshRootList(
  { certificates, clock }: AuthorityDeps,
  algorithm: KeyAlgorithm,
): Promise<Uint8Array | undefined> {
  const known = await certificates.findAuthority(algorithm, 'root_list');
  const isFresh = known && crlEndsAtMs(known.der) - clock.now() > rootListRenewalMs;
  return isFresh ? known.der : undefined;
}

const attemptsMax = 8;

/**
 * Wakes the root's key in the chips, signs what is not there yet (issuing authority, list), and puts
 * the key to rest. The list is stored last: while there is none, the key may be awake, and whoever
 * asks for the list next puts it to rest. Whoever is at the same work may have done so meanwhile;
 * then this begins anew and mostly finds everything made.
 */
async function renewRootList(deps: AuthorityDeps, root: AuthorityRow): Promise<Uint8Array> {
  const { algorithm, keyId } = root;
  for (let attempt = 1; ; attempt++) {
    const known = await freshRootList(deps, algorithm);
    if (known) return known;
    try {
      const list = await whileAwake(deps, keyId, () => signUnderRoot(deps, root));
      await deps.certificates.addAuthority(list);
      // Whoever came first: all serve what is stored.
      return (await freshRootList(deps, algorithm)) ?? list.der;
    } catch (error) {
      if (!isResting(error) || attempt === attemptsMax) throw error;
    }
  }
}

async function whileAwake<T>({ keys }: AuthorityDeps, keyId: string, work: () => Promise<T>) {
  await keys.setState(serviceTenant, keyId, 'active');
  try {
    return await work();
  } finally {
    await keys.setState(serviceTenant, keyId, 'frozen');
  }
}

async function signUnderRoot(deps: AuthorityDeps, root: AuthorityRow): Promise<AuthorityRow> {
  const { algorithm, keyId } = root;
  const base = `${deps.pkiBase}/pki`;
  const query = `algorithm=${algorithm}&role=root`;
  const urls = { certificate: `${base}/ca.crt?${query}`, crl: `${base}/crl?${query}` };
  const issuer = { ...issuerOf(deps, root), urls };
  await ensureRole(deps, algorithm, 'issuing', issuer);
  const last = await deps.certificates.findAuthority(algorithm, 'root_list');
  const generation = (last?.generation ?? 0) + 1;
  const thisUpdateMs = startOfMinute(deps.clock.now());
  const times = { thisUpdateMs, nextUpdateMs: thisUpdateMs + rootListLifeMs };
  const der = await buildCrl({ number: generation, ...times, entries: [] }, issuer);
  return { algorithm, role: 'root_list', generation, keyId, der };
}

const isResting = (error: unknown) =>
  error instanceof CinnabarError && error.code === 'key_not_active';

/** The delegated responder of a hierarchy, with a certificate that has enough time left. */
export async function loadResponder(
  deps: AuthorityDeps,
  authority: Authority,
): Promise<{ readonly signer: CertificateSigner; readonly certificate: Uint8Array }> {
  const row = await ensureRole(deps, authority.algorithm, 'ocsp', authority.issuer);
  return { signer: issuerOf(deps, row).signer, certificate: row.der };
}

async function ensureRole(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
  role: CertifiedRole,
  issuer: CertificateIssuer | undefined,
): Promise<AuthorityRow> {
  const known = await deps.certificates.findAuthority(algorithm, role);
  if (known && !isDue(deps, known, role)) return known;
  const generation = (known?.generation ?? 0) + 1;
  const { usesMax } = roles[role];
  // A fresh key each time, the same for all who are at the same renewal.
  const keyId = derivedUuid(`cinnabar/pki/${algorithm}/${role}/${generation}`);
  const key = await deps.keys.create({
    tenant: serviceTenant,
    id: keyId,
    algorithm,
    uses: ['sign'],
    owner: `pki-${role}`,
    ...(usesMax === undefined ? {} : { policy: { usesMax } }),
  });
  const der = await certifyRole(deps, algorithm, role, key, issuer).catch(async (error) => {
    // A root that somebody else has made meanwhile rests already.
    const made = isResting(error) && (await deps.certificates.findAuthority(algorithm, role));
    if (!made) throw error;
    return made.der;
  });
  await deps.certificates.addAuthority({ algorithm, role, generation, keyId, der });
  // Whoever came first: all use what is stored.
  return (await deps.certificates.findAuthority(algorithm, role)) ?? unreachable(role);
}

function unreachable(role: string): never {
  throw new Error(`the certificate of ${role} was stored and is not there`);
}

function isDue({ clock }: AuthorityDeps, row: AuthorityRow, role: CertifiedRole): boolean {
  const { renewalDays } = roles[role];
  if (renewalDays === 0) return false;
  return parseCertificate(row.der).notAfterMs - clock.now() < renewalDays * dayMs;
}

async function certifyRole(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
  role: CertifiedRole,
  key: KeyRecord,
  issuer: CertificateIssuer | undefined,
): Promise<Uint8Array> {
  const profile = roles[role];
  const subject = nameOf(algorithm, profile);
  const notBeforeMs = startOfMinute(deps.clock.now());
  const self: CertificateIssuer = {
    name: encodeName(subject),
    signer: chipSigner(deps, algorithm, key.id, key.publicKey),
  };
  return buildCertificate(
    {
      serialHex: newSerial(deps),
      subject,
      spki: key.publicKey,
      notBeforeMs,
      notAfterMs: notBeforeMs + profile.validityDays * dayMs,
      keyUsage: profile.keyUsage,
      extendedKeyUsage: profile.extendedKeyUsage,
      policies: [],
      dnsNames: [],
      ...(profile.pathLength === undefined ? {} : { pathLength: profile.pathLength }),
    },
    issuer ?? self,
  );
}

function nameOf(algorithm: KeyAlgorithm, { name }: RoleProfile): SubjectName {
  return {
    commonName: `Cinnabar ${labels[algorithm]} ${name}`,
    organization: 'Cinnabar',
    country: 'CN',
  };
}

function issuerOf(deps: AuthorityDeps, row: AuthorityRow): CertificateIssuer {
  const { subject, spki } = parseCertificate(row.der);
  return { name: subject, signer: chipSigner(deps, row.algorithm, row.keyId, spki) };
}

/** A signer whose key is in the chips. The same bytes get the same signature again, made once. */
function chipSigner(
  { keys }: AuthorityDeps,
  algorithm: KeyAlgorithm,
  keyId: string,
  spki: Uint8Array,
): CertificateSigner {
  const scheme = schemes[algorithm];
  return {
    algorithm: scheme,
    spki,
    async sign(message) {
      const requestId = `pki:${bytesToHex(sha256(message))}`;
      const request = { tenant: serviceTenant, keyId, requestId, scheme, message };
      return (await keys.sign({ ...request, format: 'der' })).signature;
    },
  };
}

function urlsOf(base: string, algorithm: KeyAlgorithm) {
  return {
    certificate: `${base}/pki/ca.crt?algorithm=${algorithm}`,
    crl: `${base}/pki/crl?algorithm=${algorithm}`,
    ocsp: `${base}/pki/ocsp`,
  };
}

/** 17 bytes of which 16 are random: positive, never zero in front, 128 bits that nobody guesses. */
export function newSerial({ random }: Pick<AuthorityDeps, 'random'>): string {
  return `01${bytesToHex(random.bytes(16))}`;
}

/** Certificates begin on a whole minute, so that a clock a few seconds behind takes them too. */
export function startOfMinute(ms: number): number {
  return ms - (ms % 60_000);
}
