import type { SealDeps } from './ports.ts';
import type { Vendor } from './types.ts';

/**
 * What became of an installed vendor in one institution: `leaving` while its templates are being
 * replaced (no new ones are made, those there are still compared), then `retired`.
 */
export const vendorStates = ['active', 'leaving', 'retired'] as const;
export type VendorState = (typeof vendorStates)[number];

/** The installed vendors with what became of them in this institution. */
export async function vendorsOf(
  deps: Pick<SealDeps, 'engine' | 'work'>,
  tenant: string,
): Promise<readonly { readonly vendor: Vendor; readonly state: VendorState }[]> {
  const rows = await deps.work.list(tenant, 'vendor', {}, { limit: 100 });
  const stateOf = (code: string) => {
    const written = rows.find(({ id }) => id === code)?.state;
    return vendorStates.find((known) => known === written) ?? 'active';
  };
  return deps.engine.vendors.map((vendor) => ({ vendor, state: stateOf(vendor.code) }));
}

/** Those that make templates of new imprints. */
export async function enrollingVendors(deps: SealDeps, tenant: string): Promise<readonly Vendor[]> {
  const all = await vendorsOf(deps, tenant);
  return all.flatMap(({ vendor, state }) => (state === 'active' ? [vendor] : []));
}
