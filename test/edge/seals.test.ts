import { beforeAll, describe, expect, it } from 'vitest';
import { loadPictures } from '../../src/core/pictures.ts';
import {
  bodyOf,
  cardDates,
  type Edge,
  enrolled,
  startEdge,
  verificationForm,
} from '../helpers/edge.ts';
import { blankPaper, ringWithCross, ringWithSquare } from '../helpers/imprints.ts';
import { pngFile } from '../helpers/png-file.ts';

describe('seals over HTTP', () => {
  let edge: Edge;
  let ids: Awaited<ReturnType<typeof enrolled>>;

  beforeAll(async () => {
    edge = await startEdge(undefined, ['alpha', 'beta']);
    ids = await enrolled(edge, ringWithCross);
  });

  it('B3: shows an account with its cards and seals', async () => {
    const response = await edge.call(`/v1/seals/accounts/${ids.accountId}`);
    expect(response.status).toBe(200);
    const found = await bodyOf(response);
    expect(found).toMatchObject({
      id: ids.accountId,
      number: '6222-0001',
      cards: [{ id: ids.cardId, number: 'YJK-1', hasImage: false }],
      seals: [{ id: ids.sealId, serial: 'S-1', shape: 'round', status: 'active', revision: 1 }],
    });
  });

  it('B2: stores one template of every vendor under its code', async () => {
    const seal = await bodyOf(await edge.call(`/v1/seals/${ids.sealId}`));
    expect(seal.templates).toMatchObject([
      { vendor: 'alpha', vendorVersion: '1.0.0' },
      { vendor: 'beta', vendorVersion: '1.0.0' },
    ]);
  });

  it('B5, B6: passes the same imprint and fails another one', async () => {
    const same = await edge.call('/v1/seal-verifications', {
      form: verificationForm(ids.sealId, ringWithCross),
    });
    expect(same.status).toBe(201);
    const passed = await bodyOf(same);
    expect(passed).toMatchObject({
      sealId: ids.sealId,
      verdict: 'pass',
      match: true,
      nextStep: 'none',
      policy: { source: 'default', vendorCount: 2 },
      currency: 'CNY',
      amountMinor: 1250000,
      branch: '0102',
      requestedBy: 'teller-zhou',
    });
    expect(same.headers.get('location')).toBe(`/v1/seal-verifications/${passed.id}`);

    const other = await edge.call('/v1/seal-verifications', {
      form: verificationForm(ids.sealId, ringWithSquare),
    });
    expect(other.status).toBe(201);
    const failed = await bodyOf(other);
    expect(failed).toMatchObject({ verdict: 'fail', match: false, nextStep: 'review' });
    const again = await edge.call(`/v1/seal-verifications/${failed.id}`, { as: 'reviewer-he' });
    expect(await bodyOf(again)).toEqual(failed);
  });

  it('B4, B6: answers for a paper with imprints of several seals of one card', async () => {
    const path = `/v1/seals/cards/${ids.cardId}/verifications`;
    const form = { sealIds: [ids.sealId], imprints: [ringWithCross], currency: 'CNY' };
    const answer = await edge.call(path, { form: { ...form, amountMinor: '100' } });
    expect(answer.status).toBe(200);
    expect(await bodyOf(answer)).toMatchObject({
      cardId: ids.cardId,
      verdict: 'pass',
      combination: [ids.sealId],
      verifications: [{ sealId: ids.sealId, verdict: 'pass' }],
    });
    const unequal = { ...form, amountMinor: '100', imprints: [ringWithCross, ringWithSquare] };
    const refused = await edge.call(path, { form: unequal });
    expect(refused.status).toBe(400);
    expect(await bodyOf(refused)).toMatchObject({
      errors: [{ pointer: '/body/imprints', code: 'one_for_each_seal' }],
    });
  });

  it('B7: shows both imprints of a verification, restored from their templates', async () => {
    const { decode } = await loadPictures();
    const made = await bodyOf(
      await edge.call('/v1/seal-verifications', {
        form: verificationForm(ids.sealId, ringWithSquare),
      }),
    );
    const path = `/v1/seal-verifications/${made.id}/pictures`;
    const pair = (await (await edge.call(path, { as: 'reviewer-he' })).json()) as {
      vendor: string;
      reserved: { href: string; widthPx: number; heightPx: number };
      query: { href: string };
    };
    expect(pair).toMatchObject({ dpi: 300, transform: [1, 0, 0, 1, 0, 0] });
    const files: Uint8Array[] = [];
    for (const { href } of [pair.reserved, pair.query]) {
      const response = await edge.call(href, { as: 'reviewer-he' });
      expect(response.headers.get('content-type')).toBe('image/png');
      files.push(new Uint8Array(await response.arrayBuffer()));
    }
    const [reserved = new Uint8Array(), query = new Uint8Array()] = files;
    expect(decode(reserved)).toMatchObject({
      width: pair.reserved.widthPx,
      height: pair.reserved.heightPx,
      dpi: 300,
    });
    expect(reserved).not.toEqual(query);
  });

  it('B4: rebuilds a seal, keeps what it replaced and verifies against the new imprint', async () => {
    const own = await startEdge();
    const { sealId } = await enrolled(own, ringWithCross);
    const earlier = await bodyOf(
      await own.call('/v1/seal-verifications', { form: verificationForm(sealId, ringWithSquare) }),
    );
    const form = { revision: '1', remark: '公章', imprint: ringWithSquare };
    const rebuilt = await own.call(`/v1/seals/${sealId}/rebuild`, { form });
    expect(rebuilt.status).toBe(200);
    expect(await bodyOf(rebuilt)).toMatchObject({ id: sealId, revision: 2, remark: '公章' });
    const stale = await own.call(`/v1/seals/${sealId}/rebuild`, { form });
    expect(await bodyOf(stale)).toMatchObject({ code: 'seal_changed', status: 409 });

    const revisions = await bodyOf(await own.call(`/v1/seals/${sealId}/revisions`));
    expect(revisions.items).toMatchObject([{ revision: 2 }, { revision: 1, remark: '' }]);
    const after = await own.call('/v1/seal-verifications', {
      form: verificationForm(sealId, ringWithSquare),
    });
    expect(await bodyOf(after)).toMatchObject({ verdict: 'pass', sealRevision: 2 });
    // The reviewer of the earlier one still sees what it was compared with.
    const pictures = await own.call(`/v1/seal-verifications/${earlier.id}/pictures/reserved`);
    expect(pictures.status).toBe(200);
  });

  it('B4: verifies nothing outside the dates of the card', async () => {
    for (const dates of [
      { startDate: '2026-03-03', endDate: '2030-12-31' },
      { startDate: '2020-01-01', endDate: '2026-03-01' },
    ]) {
      const own = await startEdge();
      const { sealId } = await enrolled(own, ringWithCross, dates);
      const response = await own.call('/v1/seal-verifications', {
        form: verificationForm(sealId, ringWithCross),
      });
      expect(response.status).toBe(409);
      expect(await bodyOf(response)).toMatchObject({ code: 'seal_card_inactive' });
      expect(await bodyOf(await own.call('/v1/seal-verifications'))).toMatchObject({ items: [] });
    }
  });

  it('keeps the picture of a card and gives it back', async () => {
    const form = {
      accountId: ids.accountId,
      number: 'YJK-2',
      startDate: '2026-01-01',
      endDate: '2026-12-31',
      image: ringWithCross,
    };
    const card = await bodyOf(await edge.call('/v1/seals/cards', { form }));
    expect(card).toMatchObject({ hasImage: true });
    const image = await edge.call(`/v1/seals/cards/${card.id}/image`, { as: 'auditor-gao' });
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(ringWithCross);
    const none = await edge.call(`/v1/seals/cards/${ids.cardId}/image`);
    expect(await bodyOf(none)).toMatchObject({ code: 'card_not_found' });
  });

  it('says what is wrong with a picture', async () => {
    const send = async (imprint: Uint8Array) => {
      const form = verificationForm(ids.sealId, imprint);
      const response = await edge.call('/v1/seal-verifications', { form });
      return { status: response.status, code: (await bodyOf(response)).code };
    };
    const notPicture = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
    expect(await send(notPicture)).toEqual({ status: 422, code: 'picture_unsupported' });
    expect(await send(ringWithCross.subarray(0, 300))).toEqual({
      status: 422,
      code: 'picture_corrupt',
    });
    expect(await send(blankPaper)).toEqual({ status: 422, code: 'imprint_not_found' });
    const wide = pngFile({ width: 4097, height: 1, colourType: 0, bitDepth: 1 }, () => 1);
    expect(await send(wide)).toEqual({ status: 422, code: 'picture_too_large' });
  });

  it('bounds the pixels of imprints and of cards, so that an isolate can hold them', async () => {
    const blank = (width: number, height: number) =>
      pngFile({ width, height, colourType: 0, bitDepth: 1 }, () => 1);
    const verify = async (imprint: Uint8Array) => {
      const form = verificationForm(ids.sealId, imprint);
      return bodyOf(await edge.call('/v1/seal-verifications', { form }));
    };
    expect(await verify(blank(2000, 2000))).toMatchObject({ code: 'imprint_not_found' });
    expect(await verify(blank(2001, 2000))).toMatchObject({
      code: 'picture_too_large',
      detail: 'Crop the picture, or scan it at 300 dpi.',
    });

    const file = async (number: string, image: Uint8Array) => {
      const form = { accountId: ids.accountId, number, ...cardDates, image };
      return bodyOf(await edge.call('/v1/seals/cards', { form }));
    };
    expect(await file('YJK-A4', blank(3000, 3000))).toMatchObject({ hasImage: true });
    expect(await file('YJK-A3', blank(3001, 3000))).toMatchObject({ code: 'picture_too_large' });
  });

  it('pages through lists by cursor', async () => {
    const own = await startEdge();
    for (let i = 0; i < 5; i++) {
      await own.call('/v1/seals/accounts', {
        json: { number: `6222-${i}`, name: `Account ${i}`, contact: 'c' },
      });
    }
    const numbers: unknown[] = [];
    let cursor: unknown = '';
    for (let pages = 0; cursor !== null && pages < 9; pages++) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await bodyOf(await own.call(`/v1/seals/accounts?limit=2${query}`));
      numbers.push(...(page.items as { number: string }[]).map((item) => item.number));
      cursor = page.nextCursor;
    }
    expect(numbers).toEqual(['6222-4', '6222-3', '6222-2', '6222-1', '6222-0']);
    const found = await bodyOf(await own.call('/v1/seals/accounts?q=account%203'));
    expect(found).toMatchObject({ items: [{ number: '6222-3' }], nextCursor: null });
  });

  it('refuses numbers and serials that are taken', async () => {
    const codes: unknown[] = [];
    for (const response of [
      await edge.call('/v1/seals/accounts', {
        json: { number: '6222-0001', name: 'Other', contact: 'c' },
      }),
      await edge.call('/v1/seals/cards', {
        form: {
          accountId: ids.accountId,
          number: 'YJK-1',
          startDate: '2026-01-01',
          endDate: '2026-01-01',
        },
      }),
      await edge.call('/v1/seals', {
        form: { cardId: ids.cardId, serial: 'S-1', shape: 'oval', imprint: ringWithCross },
      }),
    ]) {
      expect(response.status).toBe(409);
      codes.push((await bodyOf(response)).code);
    }
    expect(codes).toEqual(['account_number_taken', 'card_number_taken', 'seal_serial_taken']);
  });

  it('lists the installed vendors', async () => {
    expect(await bodyOf(await edge.call('/v1/seal-vendors'))).toEqual({
      vendors: [
        { code: 'alpha', name: 'Grid alpha', version: '1.0.0', state: 'active' },
        { code: 'beta', name: 'Grid beta', version: '1.0.0', state: 'active' },
      ],
    });
  });

  it('answers with pictures of the vendor that is asked for', async () => {
    const own = await edge.call(`/v1/seals/${ids.sealId}/picture?vendor=beta`);
    expect(own.status).toBe(200);
    const unknown = await edge.call(`/v1/seals/${ids.sealId}/picture?vendor=gamma`);
    expect(await bodyOf(unknown)).toMatchObject({ code: 'vendor_not_found', status: 404 });
  });
});
