import { describe, expect, it } from 'vitest';
import { matchPath } from '../../src/console/match-path.ts';

describe('matchPath', () => {
  it('takes a parameter from one segment, decoded', () => {
    expect(matchPath('/seals/:id', '/seals/a%20b')).toEqual({ id: 'a b' });
    expect(matchPath('/', '/')).toEqual({});
  });

  it('refuses another length, another word, an empty parameter and a broken escape', () => {
    for (const at of ['/seals', '/seals/a/b', '/cards/a', '/seals/', '/seals/%E4%B']) {
      expect(matchPath('/seals/:id', at)).toBeUndefined();
    }
  });
});
