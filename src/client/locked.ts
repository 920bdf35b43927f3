/** As much of Web Locks as is needed; not every platform that this runs on has the types. */
interface Locks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Runs `work` while no other tab does under this name. Node has no tabs, and may have no locks. */
export function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: Locks } };
  const locks = navigator?.locks;
  return locks ? locks.request(`cinnabar-${name}`, work) : work();
}
