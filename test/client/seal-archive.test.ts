import { describe, expect, it } from 'vitest';
import { ApiError, createClient } from '../../src/client/index.ts';
import { enrolArchiveRow, readSealArchive } from '../../src/client/seal-archive.ts';
import { startEdge } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';
import { zipFile } from '../helpers/zip-file.ts';

const head = 'picture,account,card,serial,shape,remark,dpi,name,contact,start,end';
const rows = [
  'cross.png,6222-0001,YJK-1,S-1,round,财务专用章,300,杭州明远贸易有限公司,0571-5550,2026-01-01,2030-12-31',
  'square.png,6222-0001,YJK-1,S-2,square,,,,,,',
];
const pictures = [
  { path: '印鉴/cross.png', bytes: ringWithCross },
  { path: '印鉴/square.png', bytes: ringWithSquare },
  { path: '印鉴/spare.png', bytes: ringWithSquare },
];

function packed(lines: readonly string[], manifest = '清单.csv'): Blob {
  const bytes = new TextEncoder().encode(lines.join('\r\n'));
  return new Blob([zipFile([{ path: manifest, bytes }, ...pictures])]);
}

async function start() {
  const edge = await startEdge();
  return createClient({
    baseUrl: 'http://localhost',
    token: () => edge.tokenOf('teller-zhou'),
    fetch: async (url, init) => edge.app.request(String(url), init),
  });
}

async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.catch((cause: unknown) => cause);
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError');
  return error;
}

describe('B2: reserved imprints from an archive', () => {
  it('makes the account and the card, enrols every row, and nothing twice', async () => {
    const client = await start();
    const archive = await readSealArchive(packed([head, ...rows]));
    expect(archive.unused).toEqual(['印鉴/spare.png']);
    const first = [];
    for (const row of archive.rows) first.push(await enrolArchiveRow(client, archive, row));
    const again = [];
    for (const row of archive.rows) again.push(await enrolArchiveRow(client, archive, row));
    expect(first.map(({ state }) => state)).toEqual(['enrolled', 'enrolled']);
    expect(again).toEqual(first);
    const { items } = await client.seals.list();
    expect(items.map(({ serial, shape }) => [serial, shape]).sort()).toEqual([
      ['S1', 'round'],
      ['S2', 'square'],
    ]);
    const accounts = await client.accounts.list();
    expect(accounts.items.map(({ number }) => number)).toEqual(['62220001']);
  });

  it('names every row and column that is wrong, and reads none of them', async () => {
    const wrong = [
      'gone.png,6222-0001,YJK-1,S-1,round,,,,,,',
      'cross.png,,YJK-1,S-1,star,,many,,,2026,',
    ];
    const { code, fields } = await refusal(readSealArchive(packed([head, ...wrong])));
    expect(code).toBe('archive_manifest');
    expect(fields.map(({ pointer, code: why }) => `${pointer} ${why}`)).toEqual([
      '/rows/1/picture picture',
      '/rows/2/account required',
      '/rows/2/shape choice',
      '/rows/2/dpi format',
      '/rows/2/start format',
      '/rows/2/serial repeated',
    ]);
    const columns = await refusal(readSealArchive(packed(['picture,serial,colour', 'a,b,c'])));
    expect(columns.fields.map(({ pointer }) => pointer)).toEqual([
      '/columns/account',
      '/columns/card',
      '/columns/shape',
      '/columns/colour',
    ]);
    const none = await refusal(readSealArchive(packed([head], 'list.txt')));
    expect(none.fields).toEqual([{ pointer: '/manifest', code: 'required' }]);
    const broken = await refusal(readSealArchive(packed([head, 'a,"b'])));
    expect(broken.fields).toMatchObject([{ code: 'format' }]);
    expect((await refusal(readSealArchive(new Blob(['no archive'])))).code).toBe(
      'archive_unreadable',
    );
  });

  it('says which account or card is not there when the row does not say enough to make it', async () => {
    const client = await start();
    const { digest, rows: read } = await readSealArchive(packed([head, ...rows]));
    const [, second] = read;
    if (!second) throw new Error('two rows');
    expect((await refusal(enrolArchiveRow(client, { digest }, second))).code).toBe(
      'account_not_found',
    );
    await client.accounts.create({ number: second.account, name: '明远', contact: '0571' });
    expect((await refusal(enrolArchiveRow(client, { digest }, second))).code).toBe(
      'card_not_found',
    );
  });
});
