import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTool, cinnabar } from './tool.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-gm-'));
  await writeFile(at('text'), '付款一万元整');
  await writeFile(at('password'), 'correct horse\n');
  await writeFile(at('wrong-password'), 'battery staple\n');
  const pair = ['--out', at('key.pem'), '--public', at('public.pem')];
  expect(await cinnabar(['gm', 'keygen', ...pair])).toMatchObject({ status: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('gm keygen', () => {
  it('stores the private key for this user only and never prints it unasked', async () => {
    const { stdout } = await cinnabar(['gm', 'keygen', '--out', at('other.pem'), '--json']);
    expect(stdout).not.toContain('PRIVATE');
    expect((await stat(at('other.pem'))).mode & 0o777).toBe(0o600);
    const printed = await cinnabar(['gm', 'keygen', '--print-private']);
    expect(printed.stdout).toContain('-----BEGIN PRIVATE KEY-----');
  });

  it('never replaces a key that is there', async () => {
    const before = await readFile(at('key.pem'), 'utf8');
    const { status, stderr } = await cinnabar(['gm', 'keygen', '--out', at('key.pem')]);
    expect(status).toBe(2);
    expect(stderr).toContain('EEXIST');
    expect(await readFile(at('key.pem'), 'utf8')).toBe(before);
  });

  it('encrypts a key under a password', async () => {
    const words = ['--out', at('locked.pem'), '--password-file', at('password')];
    expect(await cinnabar(['gm', 'keygen', ...words])).toMatchObject({ status: 0 });
    expect(await readFile(at('locked.pem'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    const signing = [
      'gm',
      'sign',
      at('text'),
      '--key',
      at('locked.pem'),
      '--out',
      at('locked.sig'),
    ];
    expect(await cinnabar(signing)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--password-file is missing'),
    });
    const withFile = (name: string) => cinnabar([...signing, '--password-file', at(name)]);
    expect(await withFile('wrong-password')).toMatchObject({ status: 2 });
    expect(await withFile('password')).toMatchObject({ status: 0 });
  });
});

describe('gm sign and verify', () => {
  it('sign and verify, and a changed file is a no', async () => {
    const words = ['--key', at('key.pem'), '--out', at('text.sig')];
    expect(await cinnabar(['gm', 'sign', at('text'), ...words])).toMatchObject({ status: 0 });
    const check = ['--key', at('public.pem'), '--signature', at('text.sig'), '--json'];
    expect(await cinnabar(['gm', 'verify', at('text'), ...check])).toMatchObject({
      status: 0,
      stdout: '{"valid":true}\n',
    });
    expect(
      await cinnabar(['gm', 'verify', '-', ...check], { input: '付款九万元整' }),
    ).toMatchObject({
      status: 1,
      stdout: '{"valid":false}\n',
    });
  });

  // OpenSSL signs under an empty id unless told otherwise, and node:crypto cannot tell it.
  it('agree with OpenSSL in both directions', async () => {
    const text = await readFile(at('text'));
    const words = ['--key', at('key.pem'), '--out', at('ours.sig'), '--id', ''];
    expect(await cinnabar(['gm', 'sign', at('text'), ...words])).toMatchObject({ status: 0 });
    const publicKey = createPublicKey(await readFile(at('public.pem')));
    expect(verify('sm3', text, publicKey, await readFile(at('ours.sig')))).toBe(true);
    const privateKey = createPrivateKey(await readFile(at('key.pem')));
    await writeFile(at('theirs.sig'), sign('sm3', text, privateKey));
    const check = ['--key', at('public.pem'), '--signature', at('theirs.sig'), '--id', ''];
    expect(await cinnabar(['gm', 'verify', at('text'), ...check])).toMatchObject({ status: 0 });
  });

  it('refuse a private key where a public one belongs', async () => {
    const words = ['--key', at('key.pem'), '--signature', at('text.sig')];
    expect(await cinnabar(['gm', 'verify', at('text'), ...words])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not a public key in PEM'),
    });
  });
});

describe('gm encrypt and decrypt', () => {
  it.each(['der', 'raw'])('give the file back in format %s', async (format) => {
    const encrypted = at(`text.${format}`);
    const words = ['--format', format, '--out', encrypted, '--key', at('public.pem')];
    expect(await cinnabar(['gm', 'encrypt', at('text'), ...words])).toMatchObject({ status: 0 });
    const back = ['--format', format, '--out', at('back'), '--key', at('key.pem')];
    expect(await cinnabar(['gm', 'decrypt', encrypted, ...back])).toMatchObject({ status: 0 });
    expect(await readFile(at('back'), 'utf8')).toBe('付款一万元整');
    expect((await stat(at('back'))).mode & 0o777).toBe(0o600);
  });

  it('write nothing for a ciphertext that was changed', async () => {
    const encrypted = at('changed.der');
    await cinnabar(['gm', 'encrypt', at('text'), '--out', encrypted, '--key', at('public.pem')]);
    const bytes = await readFile(encrypted);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(encrypted, bytes);
    const words = ['--out', at('nothing'), '--key', at('key.pem'), '--json'];
    const { status, stdout } = await cinnabar(['gm', 'decrypt', encrypted, ...words]);
    expect(status).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe('decryption_failed');
    await expect(stat(at('nothing'))).rejects.toThrow('ENOENT');
  });
});
