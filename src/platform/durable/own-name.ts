// An alarm wakes an object by its id alone: when nothing else has woken it since the last eviction
// or restart, the platform tells the constructor and the alarm no name. An object that needs its
// name there keeps it when it sets the alarm.

const nameKey = 'own-name';

/** The name that the object is addressed by, or that it has kept; undefined when neither is there. */
export function ownName({ id, storage }: DurableObjectState): string | undefined {
  if (id.name !== undefined) return id.name;
  const kept = storage.kv.get(nameKey);
  return typeof kept === 'string' ? kept : undefined;
}

/** Before an alarm is set. Free where it is kept already. */
export function keepOwnName({ id, storage }: DurableObjectState): void {
  if (id.name !== undefined && storage.kv.get(nameKey) !== id.name) {
    storage.kv.put(nameKey, id.name);
  }
}
