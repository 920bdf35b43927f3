import { beforeAll, describe, expect, it } from 'vitest';
import { buildTool, cinnabar } from './tool.ts';

beforeAll(buildTool);

describe('the tool', () => {
  it('says what it can do', async () => {
    const { status, stdout, stderr } = await cinnabar(['--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}gm +/m);
    expect(stderr).toBe('');
  });

  it('says what a group and a command can do', async () => {
    expect(await cinnabar(['gm', '--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('sm3 FILE...'),
    });
    for (const help of ['--help', '-h']) {
      expect(await cinnabar(['gm', help])).toMatchObject({ status: 0, stderr: '' });
    }
    expect(await cinnabar(['gm', 'sm3', '--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--json'),
    });
  });

  it.each([
    [[], 'which command?'],
    [['nothing'], 'there is no group nothing'],
    [['constructor'], 'there is no group constructor'],
    [['gm'], 'which command?'],
    [['gm', 'nothing'], 'there is no command nothing'],
    [['gm', 'sm3'], 'FILE is missing'],
    [['gm', 'sm3', 'x', '--colour'], "Unknown option '--colour'"],
    [['gm', 'sm3', '/nonexistent/file'], 'no such file'],
  ])('answers wrong use %j with status 2 and a sentence', async (words, sentence) => {
    const { status, stdout, stderr } = await cinnabar(words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('answers wrong use in JSON when asked for JSON', async () => {
    const { status, stdout, stderr } = await cinnabar(['gm', 'sm3', '--json']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'wrong_use', message: 'FILE is missing' },
    });
  });

  it('reads the standard input', async () => {
    expect(await cinnabar(['gm', 'sm3', '-'], { input: 'abc' })).toEqual({
      status: 0,
      stdout: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0  -\n',
      stderr: '',
    });
  });
});
