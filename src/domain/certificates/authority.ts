import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { derivedUuid } from '../../lib/uuid.ts';
import { type KeyRecord, serviceTenant } from '../chips/keys.ts';
import { CinnabarError } from '../errors.ts';
import { type CertifiedRole, nameOf, roles, schemes } from './authority-roles.ts';
import type { AuthorityRow, CertificateDeps, IssuerName } from './ports.ts';
import type { KeyAlgorithm } from './profiles.ts';
import type { Certificate } from './types.ts';
import { buildCertificate, type CertificateIssuer, encodeName } from './x509/build.ts';
import { buildCrl, type CrlEntry, crlFacts } from './x509/crl.ts';
import type { CertificateSigner } from './x509/library.ts';

export type AuthorityDeps = Pick<
  CertificateDeps,
  'certificates' | 'clock' | 'keys' | 'pkiBase' | 'random'
>;

const dayMs = 24 * 60 * 60 * 1000;
/** The root's list is made for so long, and anew when less than the second is left. */
const rootListLifeMs = 400 * dayMs;
const rootListRenewalMs = 60 * dayMs;

/** An issuing authority, and the root above it. */
export interface Authority {
  readonly algorithm: KeyAlgorithm;
  /** Counts the issuing authorities of the hierarchy; the newest one issues. */
  readonly generation: number;
  readonly root: Uint8Array;
  readonly issuing: Uint8Array;
  /** SubjectPublicKeyInfo of the issuing key. */
  readonly spki: Uint8Array;
  readonly notAfterMs: number;
  readonly isRevoked: boolean;
  readonly issuer: CertificateIssuer;
}

/**
 * The authority that issues for a kind of key, or an earlier one by its generation. The hierarchy is
 * made when it is first asked for: keys in the chips, root, then issuing authority and the root's
 * list. Whatever races here, the first row of each role is the one that everybody uses.
 *
 * @throws CinnabarError `authority_not_found`, `chips_unavailable`, `chips_busy`,
 * `storage_unavailable`
 */
export async function loadAuthority(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
  generation?: number,
): Promise<Authority> {
  const all = await allAuthorities(deps, algorithm);
  const found =
    generation === undefined ? all.at(-1) : all.find((one) => one.generation === generation);
  if (!found) throw new CinnabarError('authority_not_found');
  return found;
}

/** The authority that issued a certificate. Errors as `loadAuthority`. */
export function authorityOf(
  deps: AuthorityDeps,
  { algorithm, issuer }: Pick<Certificate, 'algorithm' | 'issuer'>,
): Promise<Authority> {
  return loadAuthority(deps, algorithm, issuer);
}

/** Every issuing authority that a hierarchy ever had, the newest last. Errors as `loadAuthority`. */
export async function allAuthorities(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
): Promise<readonly Authority[]> {
  const { certificates } = deps;
  const [knownRoot, known] = await Promise.all([
    certificates.findAuthority(algorithm, 'root'),
    certificates.listIssuing(algorithm),
  ]);
  const { root, issuing } =
    knownRoot && known.length > 0
      ? { root: knownRoot, issuing: known }
      : await foundHierarchy(deps, algorithm);
  return issuing.map((row) => authorityFrom(deps, root, row));
}

function authorityFrom(deps: AuthorityDeps, root: AuthorityRow, issuing: AuthorityRow): Authority {
  const { algorithm, generation, der, revocation } = issuing;
  const { spki, notAfterMs } = parseCertificate(der);
  return {
    algorithm,
    generation,
    root: root.der,
    issuing: der,
    spki,
    notAfterMs,
    isRevoked: revocation?.atMs !== undefined,
    issuer: { ...issuerOf(deps, issuing), urls: urlsOf(deps.pkiBase, issuing) },
  };
}

/** The ceremony: root, issuing authority, and the root's first list; then the root's key rests. */
async function foundHierarchy(deps: AuthorityDeps, algorithm: KeyAlgorithm) {
  const root = await ensureRole(deps, { algorithm, role: 'root', under: 0 });
  await renewRootList(deps, root);
  return { root, issuing: await deps.certificates.listIssuing(algorithm) };
}

/**
 * The root's revocation list (RFC 5280 §5): which issuing authorities are no longer to be believed.
 * Served as it is for a year, or until one of them is revoked; the root's key is woken for a new one
 * only then.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `storage_unavailable`
 */
export async function rootList(deps: AuthorityDeps, algorithm: KeyAlgorithm): Promise<Uint8Array> {
  await loadAuthority(deps, algorithm);
  const known = await freshRootList(deps, algorithm);
  return known ?? renewRootList(deps, await storedRoot(deps, algorithm));
}

async function storedRoot({ certificates }: AuthorityDeps, algorithm: KeyAlgorithm) {
  return (await certificates.findAuthority(algorithm, 'root')) ?? unreachable('root');
}

async function freshRootList(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
): Promise<Uint8Array | undefined> {
  const [known, revoked] = await Promise.all([
    deps.certificates.findAuthority(algorithm, 'root_list'),
    revokedUnderRoot(deps, algorithm),
  ]);
  if (!known) return undefined;
  const { endsAtMs, serials } = crlFacts(known.der);
  const isFresh = endsAtMs - deps.clock.now() > rootListRenewalMs;
  return isFresh && revoked.every(({ serialHex }) => serials.has(serialHex))
    ? known.der
    : undefined;
}

async function revokedUnderRoot(
  { certificates }: AuthorityDeps,
  algorithm: KeyAlgorithm,
): Promise<readonly CrlEntry[]> {
  return (await certificates.listIssuing(algorithm)).flatMap(({ der, revocation }) => {
    if (revocation?.atMs === undefined) return [];
    const { serialHex } = parseCertificate(der);
    return [{ serialHex, atMs: revocation.atMs, reason: revocation.reason }];
  });
}

/**
 * Signs what is not there yet (issuing authority, list). The list is stored last: while there is
 * none, the root's key may be awake, and whoever asks for the list next puts it to rest.
 */
function renewRootList(deps: AuthorityDeps, root: AuthorityRow): Promise<Uint8Array> {
  const { algorithm, keyId } = root;
  return underRoot(
    deps,
    root,
    () => freshRootList(deps, algorithm),
    async (issuer) => {
      if ((await deps.certificates.listIssuing(algorithm)).length === 0) {
        await addIssuing(deps, root, 1, issuer);
      }
      const entries = await revokedUnderRoot(deps, algorithm);
      const last = await deps.certificates.findAuthority(algorithm, 'root_list');
      const generation = (last?.generation ?? 0) + 1;
      const thisUpdateMs = startOfMinute(deps.clock.now());
      const times = { thisUpdateMs, nextUpdateMs: thisUpdateMs + rootListLifeMs };
      const der = await buildCrl({ number: generation, ...times, entries }, issuer);
      const list = { algorithm, role: 'root_list', under: 0, generation, keyId, der } as const;
      await deps.certificates.addAuthority(list);
      // Whoever came first: all serve what is stored.
      return (await freshRootList(deps, algorithm)) ?? der;
    },
  );
}

/**
 * The issuing authority after `generation - 1`: a key of its own in the chips, certified by the root,
 * whose key is woken for it. Does nothing when it is there.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `storage_unavailable`
 */
export async function ensureIssuing(
  deps: AuthorityDeps,
  algorithm: KeyAlgorithm,
  generation: number,
): Promise<AuthorityRow> {
  const root = await storedRoot(deps, algorithm);
  const find = async () =>
    (await deps.certificates.listIssuing(algorithm)).find((row) => row.generation === generation);
  return underRoot(deps, root, find, async (issuer) => {
    await addIssuing(deps, root, generation, issuer);
    return (await find()) ?? unreachable('issuing');
  });
}

function addIssuing(
  deps: AuthorityDeps,
  root: AuthorityRow,
  generation: number,
  issuer: CertificateIssuer,
): Promise<void> {
  const seat = { algorithm: root.algorithm, role: 'issuing', under: 0 } as const;
  const { notAfterMs } = parseCertificate(root.der);
  return fillSeat(deps, seat, generation, { ...issuer, notAfterMs });
}

const attemptsMax = 8;

/**
 * Wakes the root's key in the chips, has something made with it, and puts the key to rest. Whoever
 * is at the same work may have done so meanwhile; then this begins anew and mostly finds it made.
 */
async function underRoot<T>(
  deps: AuthorityDeps,
  root: AuthorityRow,
  find: () => Promise<T | undefined>,
  make: (issuer: CertificateIssuer) => Promise<T>,
): Promise<T> {
  const query = `algorithm=${root.algorithm}&role=root`;
  const base = `${deps.pkiBase}/pki`;
  const urls = { certificate: `${base}/ca.crt?${query}`, crl: `${base}/crl?${query}` };
  for (let attempt = 1; ; attempt++) {
    const known = await find();
    if (known !== undefined) return known;
    try {
      return await whileAwake(deps, root.keyId, () => make({ ...issuerOf(deps, root), urls }));
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

const isResting = (error: unknown) =>
  error instanceof CinnabarError && error.code === 'key_not_active';

/** The delegated responder of an issuing authority, with a certificate that has enough time left. */
export async function loadResponder(
  deps: AuthorityDeps,
  { algorithm, generation, issuer, notAfterMs }: Authority,
): Promise<{ readonly signer: CertificateSigner; readonly certificate: Uint8Array }> {
  const seat = { algorithm, role: 'ocsp', under: generation } as const;
  const row = await ensureRole(deps, seat, { ...issuer, notAfterMs });
  return { signer: issuerOf(deps, row).signer, certificate: row.der };
}

/** One of the service's own certificates, whichever generation has it. */
type Seat = Pick<AuthorityRow, 'algorithm' | 'under'> & { readonly role: CertifiedRole };

/** Whoever certifies it; no certificate outlives its issuer. */
type Certifier = CertificateIssuer & { readonly notAfterMs: number };

async function ensureRole(
  deps: AuthorityDeps,
  seat: Seat,
  issuer?: Certifier,
): Promise<AuthorityRow> {
  const { algorithm, role, under } = seat;
  const known = await deps.certificates.findAuthority(algorithm, role, under);
  if (known && !isDue(deps, known, role)) return known;
  await fillSeat(deps, seat, (known?.generation ?? 0) + 1, issuer);
  // Whoever came first: all use what is stored.
  return (await deps.certificates.findAuthority(algorithm, role, under)) ?? unreachable(role);
}

async function fillSeat(
  deps: AuthorityDeps,
  seat: Seat,
  generation: number,
  issuer?: Certifier,
): Promise<void> {
  const { algorithm, role, under } = seat;
  const { usesMax } = roles[role];
  // A fresh key each time, the same for all who are at the same renewal.
  const name = under > 1 ? `${role}/${under}/${generation}` : `${role}/${generation}`;
  const keyId = derivedUuid(`cinnabar/pki/${algorithm}/${name}`);
  const key = await deps.keys.create({
    tenant: serviceTenant,
    id: keyId,
    algorithm,
    uses: ['sign'],
    owner: `pki-${role}`,
    ...(usesMax === undefined ? {} : { policy: { usesMax } }),
  });
  const der = await certifyRole(deps, seat, generation, key, issuer).catch(async (error) => {
    // A root that somebody else has made meanwhile rests already.
    const isRace = role === 'root' && isResting(error);
    const made = isRace && (await deps.certificates.findAuthority(algorithm, role, under));
    if (!made) throw error;
    return made.der;
  });
  await deps.certificates.addAuthority({ algorithm, role, under, generation, keyId, der });
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
  { algorithm, role }: Seat,
  generation: number,
  key: KeyRecord,
  issuer: Certifier | undefined,
): Promise<Uint8Array> {
  const profile = roles[role];
  const subject = nameOf(algorithm, role, generation);
  const notBeforeMs = startOfMinute(deps.clock.now());
  const self: CertificateIssuer = {
    name: encodeName(subject),
    signer: chipSigner(deps, algorithm, key.id, key.publicKey),
  };
  const endsMs = notBeforeMs + profile.validityDays * dayMs;
  return buildCertificate(
    {
      serialHex: newSerial(deps),
      subject,
      spki: key.publicKey,
      notBeforeMs,
      notAfterMs: issuer ? Math.min(endsMs, issuer.notAfterMs) : endsMs,
      keyUsage: profile.keyUsage,
      extendedKeyUsage: profile.extendedKeyUsage,
      policies: [],
      dnsNames: [],
      ...(profile.pathLength === undefined ? {} : { pathLength: profile.pathLength }),
    },
    issuer ?? self,
  );
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

/** Of the first generation without its number, which is how the oldest certificates have it. */
function urlsOf(base: string, { algorithm, generation }: IssuerName) {
  const query = `algorithm=${algorithm}${generation > 1 ? `&generation=${generation}` : ''}`;
  return {
    certificate: `${base}/pki/ca.crt?${query}`,
    crl: `${base}/pki/crl?${query}`,
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
