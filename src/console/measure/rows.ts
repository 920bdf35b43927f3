import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type Federated, loadFederated } from '../../core/federated.ts';
import { type Gm, loadGm } from '../../core/gm.ts';
import { loadSeal, type Raster } from '../../core/seal.ts';
import { loadTagger, type Tagger } from '../../core/tagger.ts';
import { loadSamples, openSample, type Sample } from '../samples.ts';
import { longBytes, messageBytes, type RowId, rowIds, type Setting } from './plan.ts';
import sample from './sample.json';

export type Runs = Partial<Record<RowId, () => unknown>>;

/** What is timed must be right first: a fast wrong answer is no figure. */
function assertRight(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`${what}: the answer is wrong, so its speed is not measured`);
}

/** Fixed data, so that two visits measure the same work. */
function gmRuns(gm: Gm) {
  const { sm2, sm4, twoParty } = gm;
  const bytes = (length: number, seed: number) => gm.kdf(Uint8Array.of(seed), length);
  const message = bytes(messageBytes, 1);
  const plaintext = bytes(32, 2);
  const long = bytes(longBytes, 3);
  const key = bytes(16, 4);
  const iv = bytes(16, 5);
  const blocks = Array.from({ length: 64 }, (_, i) => long.subarray(i << 14, (i + 1) << 14));

  const { privateKey, publicKey } = sm2.generateKeyPair();
  const opened = sm2.openPrivateKey(privateKey);
  const prepared = sm2.prepare(publicKey);
  const signature = sm2.sign(opened, message);
  const ciphertext = sm2.encrypt(publicKey, plaintext);
  assertRight(sm2.verify(publicKey, message, signature), 'sm2-verify');
  assertRight(
    sm2.decrypt(opened, ciphertext).every((b, i) => b === plaintext[i]),
    'sm2-decrypt',
  );

  const context = new TextEncoder().encode('measure');
  const started = twoParty.keygen.clientStart(context);
  const replied = twoParty.keygen.serverReply(context, started.commitment);
  const client = twoParty.keygen.clientFinish(started.state, replied.message);
  const cloud = twoParty.keygen.serverFinish(replied.state, client.opening);
  const e = sm2.digest(client.publicKey, message);
  const clientStep = () => twoParty.sign.clientStart(client.share, e, context);
  const cloudStep = (request: Uint8Array) =>
    twoParty.sign.serverReply(cloud.share, e, context, request);
  const signTogether = () => {
    const { state, message: request } = clientStep();
    return twoParty.sign.clientFinish(state, cloudStep(request));
  };
  assertRight(sm2.verify(client.publicKey, message, signTogether()), 'two-party-sign');
  const { message: request } = clientStep();

  const runs = {
    'sm2-sign': () => sm2.sign(opened, message),
    'sm2-verify': () => sm2.verify(publicKey, message, signature),
    'sm2-verify-prepared': () => sm2.verify(prepared, message, signature),
    'sm2-encrypt': () => sm2.encrypt(publicKey, plaintext),
    'sm2-decrypt': () => sm2.decrypt(opened, ciphertext),
    'two-party-sign': signTogether,
    'two-party-client': clientStep,
    'two-party-cloud': () => cloudStep(request),
    'sm3-short': () => gm.sm3(message),
    'sm3-long': () => gm.sm3(long),
    'sm3-four': () => gm.sm3Many(blocks),
    'sm4-ctr': () => sm4.encrypt({ mode: 'ctr', key, iv }, long),
    'sm4-gcm': () => sm4.encrypt({ mode: 'gcm', key, iv: iv.subarray(0, 12) }, long),
  } satisfies Runs;
  const work = {
    privateKeyHex: bytesToHex(privateKey),
    publicKeyHex: bytesToHex(publicKey),
    message,
    long,
    takes: (hex: string) => sm2.verify(publicKey, message, hexToBytes(hex)),
  };
  return { runs, work };
}

const textLength = 200;
const filled = (text: string) =>
  text.repeat(Math.ceil(textLength / text.length)).slice(0, textLength);

/** Invented people; 200 characters each, and a body of seven leaves. */
function taggerRuns(tagger: Tagger): Runs {
  const [chinese, english] = [filled(sample.chinese), filled(sample.english)];
  assertRight(tagger.tag(chinese).length > 0, 'tag-chinese');
  return {
    'tag-chinese': () => tagger.tag(chinese),
    'tag-english': () => tagger.tag(english),
    'tag-body': () => tagger.split(sample.body),
  };
}

const persons = 1024;
const features = 32;

/** As one writes it in JavaScript. */
function plainDot(rows: Float64Array, weights: Float64Array): Float64Array {
  const sums = new Float64Array(persons);
  for (let person = 0, at = 0; person < persons; person++) {
    let sum = 0;
    for (let j = 0; j < features; j++, at++) sum += (rows[at] ?? 0) * (weights[j] ?? 0);
    sums[person] = sum;
  }
  return sums;
}

function federationRuns(federated: Federated): Runs {
  const numbers = Int16Array.from({ length: persons * features }, (_, i) => (i * 7919) % 2000);
  const weights = Int16Array.from({ length: features }, (_, j) => j * 37 - 500);
  const rows = federated.prepare(numbers, features);
  const [floats, floatWeights] = [Float64Array.from(numbers), Float64Array.from(weights)];
  const bins = Uint8Array.from({ length: persons * features }, (_, i) => (i * 7919) % 200);
  const points = Int32Array.from({ length: 256 * features }, (_, i) => (i * 7919) % 100_000);
  const card = federated.prepareBins(bins, features);
  const sums = plainDot(floats, floatWeights);
  assertRight(
    rows.dot(weights).every((sum, i) => Number(sum) === sums[i]),
    'score-dot',
  );
  return {
    'score-points': () => card.score(points),
    'score-dot': () => rows.dot(weights),
    'score-dot-peer': () => plainDot(floats, floatWeights),
  };
}

/** None, where the other libraries do not load: the page then shows ours alone. */
async function peersOrNone(work: ReturnType<typeof gmRuns>['work']): Promise<Runs> {
  try {
    const { peerRuns } = await import('./peers.ts');
    return await peerRuns(work);
  } catch {
    return {};
  }
}

async function bytesOfSample(sample: Sample): Promise<Uint8Array> {
  const { bytes } = await openSample(sample);
  return new Uint8Array(await bytes.arrayBuffer());
}

/** Everything ready to run: keys made, pictures fetched, answers checked. */
export async function openRows(): Promise<{ runs: Runs } & Pick<Setting, 'picture' | 'absent'>> {
  const [gm, seal, tagger, federated, { items }] = await Promise.all([
    loadGm(),
    loadSeal(),
    loadTagger(),
    loadFederated(),
    loadSamples(),
  ]);
  const reserved = items.find(({ role }) => role === 'reserved');
  const query = items.find(({ truth, seal: of }) => truth?.genuine && of === reserved?.seal);
  if (!reserved || !query) throw new Error('samples: no seal with a reserved and a query imprint');
  const [reservedFile, queryFile] = await Promise.all([reserved, query].map(bytesOfSample));
  if (!reservedFile || !queryFile) throw new Error('samples: a picture is missing');

  const read = (file: Uint8Array, { dpi }: Sample): Raster => ({ ...seal.decode(file), dpi });
  const reservedRaster = read(reservedFile, reserved);
  const queryRaster = read(queryFile, query);
  assertRight(seal.verify(reservedRaster, queryRaster).verdict === 'pass', 'seal-verify');

  const { width: widthPx, height: heightPx } = reservedRaster;
  const ours = gmRuns(gm);
  const runs: Runs = {
    ...ours.runs,
    ...(await peersOrNone(ours.work)),
    decode: () => seal.decode(reservedFile),
    precheck: () => seal.precheck(queryRaster, reservedRaster),
    'seal-verify': () => seal.verify(reservedRaster, queryRaster),
    ...taggerRuns(tagger),
    ...federationRuns(federated),
  };
  return {
    runs,
    absent: rowIds.filter((id) => runs[id] === undefined),
    picture: { name: reserved.file, widthPx, heightPx },
  };
}
