import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BiometricService } from '../../src/domain/biometrics/ports.ts';
import { biometricsOf, httpBiometrics } from '../../src/platform/biometrics/http.ts';
import { type RunningHost, startBiometricsHost } from '../helpers/biometrics-host.ts';
import { biometricsHost, emptyAndCrowded, faceFile, facePlaces } from '../helpers/face-pictures.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';

const path = biometricsHost();
const random = seededRandom(30107);
/** However busy the machine is. */
const patience = 60_000;
const about = { modality: 'face', name: 'Cinnabar faces', liveness: 'none' } as const;

describe.skipIf(!path)('E7: the biometrics host', () => {
  let host: RunningHost;
  let service: BiometricService;

  beforeAll(async () => {
    host = await startBiometricsHost(path ?? '');
    service = httpBiometrics({ ...about, ...host }, patience);
  }, 60_000);
  afterAll(() => host?.stop());

  const places = facePlaces.filter(({ picture }) => picture === 6);
  async function enrolledFace(file: Uint8Array) {
    const key = random.bytes(32);
    const made = await service.enrol(file, key);
    if (made.kind !== 'enrolled') throw new Error(made.reason);
    return { key, template: made.template };
  }

  it('E7: accepts the same shot made anew, and no other face of the same picture', async () => {
    const [own, ...others] = places;
    if (!own) throw new Error('no face');
    const { key, template } = await enrolledFace(await faceFile(own));
    for (const variation of ['recompressed', 'darker'] as const) {
      const again = await service.verify(template, await faceFile(own, variation), key);
      expect(again.kind, variation).toBe('match');
    }
    for (const other of others) {
      const found = await service.verify(template, await faceFile(other), key);
      expect(found.kind).toBe('no_match');
    }
  }, 240_000);

  it('E7: a template that was revoked matches nothing under the key that follows it', async () => {
    const [own] = places;
    const file = await faceFile(own ?? facePlaces[0] ?? fail());
    const [before, after] = [await enrolledFace(file), await enrolledFace(file)];
    expect((await service.verify(before.template, file, after.key)).kind).toBe('no_match');
    expect((await service.verify(after.template, file, after.key)).kind).toBe('match');
  }, 240_000);

  it('E7: says why it can make nothing of a picture', async () => {
    const { empty, crowded } = await emptyAndCrowded();
    const key = random.bytes(32);
    const reasons = [];
    for (const file of [empty, crowded, new TextEncoder().encode('no picture')]) {
      const made = await service.enrol(file, key);
      reasons.push(made.kind === 'unusable' ? made.reason : made.kind);
    }
    expect(reasons).toEqual(['no_face', 'several_faces', 'picture_unreadable']);
  }, 240_000);

  it('E7: answers nobody without the secret, and nothing that is not of the contract', async () => {
    const stranger = httpBiometrics({ ...about, ...host, secret: 'x'.repeat(40) });
    const unavailable = { code: 'biometrics_unavailable' };
    const key = random.bytes(32);
    const file = await faceFile(facePlaces[0] ?? fail());
    await expect(stranger.enrol(file, key)).rejects.toMatchObject(unavailable);
    await expect(service.enrol(file, key.subarray(1))).rejects.toMatchObject(unavailable);
    await expect(service.verify(new Uint8Array(3), file, key)).rejects.toMatchObject(unavailable);
    await expect(service.forget(new Uint8Array(3))).resolves.toBeUndefined();
    const status = async (at: string, init: RequestInit) =>
      (await fetch(new URL(at, host.url), init)).status;
    const headers = { authorization: `Bearer ${host.secret}` };
    const sent = (body: string) => status('v1/enrolments', { method: 'POST', headers, body });
    expect(await sent('{')).toBe(400);
    expect(await sent('[]')).toBe(400);
    expect(await sent('x'.repeat(500_000))).toBe(413);
    expect(await status('v1/other', { method: 'POST', headers })).toBe(404);
    expect(await status('healthz', {})).toBe(204);
  }, 240_000);
});

describe('E7: services by their configuration', () => {
  const entry = { ...about, url: 'https://faces.bank.example', secret: 's'.repeat(32) };

  it('takes one service for a modality, over HTTPS or on this machine', () => {
    expect(biometricsOf('')).toEqual([]);
    expect(biometricsOf(JSON.stringify([entry]))[0]).toMatchObject(about);
    const local = { ...entry, url: 'http://127.0.0.1:9444' };
    expect(biometricsOf(JSON.stringify([local]))).toHaveLength(1);
    const wrong = [
      [entry, entry],
      [{ ...entry, url: 'http://faces.bank.example' }],
      [{ ...entry, url: 'http://127.0.0.1.bank.example' }],
      [{ ...entry, secret: 'short' }],
      [{ ...entry, modality: 'gait' }],
      [{ ...entry, liveness: 'yes' }],
      {},
    ];
    for (const value of wrong) {
      expect(() => biometricsOf(JSON.stringify(value)), JSON.stringify(value)).toThrow(
        'BIOMETRICS',
      );
    }
  });

  it('takes silence, and every answer that is not of the contract, for none', async () => {
    const closed = httpBiometrics({ ...entry, url: 'http://127.0.0.1:9/' });
    const sample = new Uint8Array(1);
    await expect(closed.verify(sample, sample, sample)).rejects.toMatchObject({
      code: 'biometrics_unavailable',
    });
  });
});

function fail(): never {
  throw new Error('no face');
}
