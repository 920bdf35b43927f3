import { expect, it } from 'vitest';
import type { ObjectStore } from '../../src/domain/seals/ports.ts';
import { freshTenant } from './fresh.ts';

/** What every object store must do. */
export function objectStoreContract(make: () => ObjectStore | Promise<ObjectStore>): void {
  it('gives back the bytes that were put', async () => {
    const store = await make();
    const objectKey = `${freshTenant()}/template/1`;
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 0xff);
    await store.put(objectKey, bytes);
    expect(await store.get(objectKey)).toEqual(bytes);
  });

  it('keeps what was put when the caller changes its array afterwards', async () => {
    const store = await make();
    const objectKey = `${freshTenant()}/template/1`;
    const bytes = Uint8Array.of(1, 2, 3);
    await store.put(objectKey, bytes);
    bytes.fill(0);
    expect(await store.get(objectKey)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('knows nothing of a key that was never put', async () => {
    const store = await make();
    expect(await store.get(`${freshTenant()}/template/1`)).toBeUndefined();
  });

  it('removes some objects, absent ones included, and leaves the others', async () => {
    const store = await make();
    const tenant = freshTenant();
    await store.put(`${tenant}/a`, Uint8Array.of(1));
    await store.put(`${tenant}/b`, Uint8Array.of(2));
    await store.remove([`${tenant}/a`, `${tenant}/never`]);
    await store.remove([]);
    expect(await store.get(`${tenant}/a`)).toBeUndefined();
    expect(await store.get(`${tenant}/b`)).toEqual(Uint8Array.of(2));
  });
}
