import type { CDPSession, Page } from 'playwright-core';

/** An authenticator that Chromium makes up: built in, with user verification and `prf`. */
export interface VirtualAuthenticator {
  /** From now on it does not know the person, and locks itself as phones do: for good. */
  refuse(): Promise<void>;
  remove(): Promise<void>;
}

/** Gives the page a platform authenticator; it is gone with the page. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    async refuse() {
      const isUserVerified = false;
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    async remove() {
      await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    },
  };
}
