import { uuidRandomBytes, uuidV7 } from '../../src/lib/uuid.ts';

// Stores outlive a test, so each test works under names that no other uses.
let last = 0;

/** Ids in the order of their making, as the service gives them. */
export function freshId(): string {
  last += 1;
  const random = crypto.getRandomValues(new Uint8Array(uuidRandomBytes));
  return uuidV7(1_767_225_600_000 + last, random);
}

export function freshTenant(): string {
  return `bank-${freshId()}`;
}
