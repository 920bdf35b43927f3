import { bytesToHex } from '@noble/hashes/utils.js';
import { checkActivation, isChangeApproved } from '../../domain/chips/activation.ts';
import {
  type ChipTools,
  decryptWith,
  generateMaterial,
  type KeyMaterial,
  openTools,
  signWith,
} from '../../domain/chips/key-material.ts';
import {
  assertCreateKey,
  assertDecryptRequest,
  assertSignRequest,
  type CreateKey,
  type KeyRecord,
  type KeyService,
  type KeyUseRequest,
} from '../../domain/chips/keys.ts';
import { type Receipt, signReceipt } from '../../domain/chips/receipts.ts';
import {
  inputDigest,
  type KeyOperation,
  operationName,
  requestHash,
} from '../../domain/chips/uses.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { Clock } from '../../domain/ports.ts';

interface Held {
  record: KeyRecord;
  readonly material: KeyMaterial;
  readonly results: Map<string, { readonly hashHex: string; readonly result: Promise<UseResult> }>;
}

interface UseResult {
  readonly output: Uint8Array;
  readonly receipt: Receipt;
}

/** Keys with real cryptography that live and die with this process, on chips of its own. */
export function memoryKeys(clock: Clock): KeyService {
  const keys = new Map<string, Promise<Held>>();
  let opening: Promise<ChipTools & { readonly identity: Uint8Array }> | undefined;
  let sequence = 0;

  function open() {
    opening ??= openTools(crypto.subtle).then((tools) => ({
      ...tools,
      identity: tools.gm.sm2.generateKeyPair().privateKey,
    }));
    return opening;
  }

  async function held(tenant: string, id: string): Promise<Held> {
    const found = await keys.get(`${tenant}/${id}`);
    if (!found) throw new CinnabarError('key_not_found');
    return found;
  }

  async function make(input: CreateKey): Promise<Held> {
    const material = await generateMaterial(await open(), input.algorithm);
    const { tenant, id, algorithm, uses, owner = null, policy = {} } = input;
    const record: KeyRecord = {
      tenant,
      id,
      algorithm,
      uses: [...uses],
      owner,
      publicKey: material.publicKey,
      state: 'active',
      protection: 'software',
      replicas: ['memory-1', 'memory-2'],
      epoch: 1,
      createdAtMs: clock.now(),
      policy,
    };
    return { record, material, results: new Map() };
  }

  async function use(input: KeyUseRequest, operation: KeyOperation): Promise<UseResult> {
    const { gm } = await open();
    const key = await held(input.tenant, input.keyId);
    const { record, results } = key;
    const digestHex = inputDigest(gm, record.publicKey, operation);
    const hashHex = requestHash(gm, digestHex, operation);
    const known = results.get(input.requestId);
    if (known && known.hashHex !== hashHex) throw new CinnabarError('key_request_reused');
    if (known) return known.result;
    if (record.state !== 'active') throw new CinnabarError('key_not_active');
    if (!record.uses.includes(operation.kind)) throw new CinnabarError('key_use_refused');
    if (results.size >= (record.policy.usesMax ?? Number.POSITIVE_INFINITY)) {
      throw new CinnabarError('key_limit_reached');
    }
    const result = perform(key, operation, digestHex);
    results.set(input.requestId, { hashHex, result });
    result.catch(() => results.delete(input.requestId));
    return result;
  }

  async function perform(
    { record, material }: Held,
    operation: KeyOperation,
    digestHex: string,
  ): Promise<UseResult> {
    const { request, kind } = operation;
    const tools = await open();
    const { tenant, keyId, requestId } = request;
    const name = operationName(operation);
    const nowMs = clock.now();
    const expected = { tenant, keyId, requestId, operation: name, digestHex, nowMs };
    const verdict = checkActivation(tools.gm, record.policy, request.activation, expected);
    if (!verdict.ok) throw new CinnabarError('activation_refused', { detail: verdict.reason });
    const output =
      kind === 'sign'
        ? await signWith(tools, material, request)
        : await decryptWith(tools, material, request);
    sequence += 1;
    const receipt = signReceipt(tools.gm, tools.identity, {
      chip: 'memory-1',
      sequence,
      tenant,
      keyId,
      epoch: record.epoch,
      requestId,
      ticket: sequence,
      operation: name,
      inputHashHex: digestHex,
      resultHashHex: bytesToHex(tools.gm.sm3(kind === 'sign' ? output : new Uint8Array())),
      statementHashHex: verdict.statementHashHex,
      atMs: nowMs,
      logHashHex: '0'.repeat(64),
      chipPublicKeyHex: bytesToHex(tools.gm.sm2.publicKey(tools.identity)),
    });
    return { output, receipt };
  }

  return {
    async create(input) {
      assertCreateKey(input);
      const name = `${input.tenant}/${input.id}`;
      const making = keys.get(name) ?? make(input);
      keys.set(name, making);
      const { record } = await making;
      if (record.algorithm !== input.algorithm) throw new CinnabarError('key_id_taken');
      return record;
    },
    find: async (tenant, id) => (await held(tenant, id)).record,
    async sign(request) {
      assertSignRequest(request);
      const { output, receipt } = await use(request, { kind: 'sign', request });
      return { signature: output, receipt };
    },
    async decrypt(request) {
      assertDecryptRequest(request);
      const { output, receipt } = await use(request, { kind: 'decrypt', request });
      return { plaintext: output, receipt };
    },
    async setState(tenant, id, state) {
      const key = await held(tenant, id);
      if (key.record.state === 'revoked' && state !== 'revoked') {
        throw new CinnabarError('key_not_active');
      }
      key.record = { ...key.record, state };
      return key.record;
    },
    async changeGrants(change) {
      const { gm } = await open();
      const key = await held(change.tenant, change.keyId);
      const { record } = key;
      if (change.epoch !== record.epoch || !isChangeApproved(gm, record.policy, change)) {
        throw new CinnabarError('activation_refused', { detail: 'approvals' });
      }
      const policy = { ...record.policy, grantsHashHex: change.grantsHashHex };
      key.record = { ...record, policy, epoch: record.epoch + 1 };
      return key.record;
    },
  };
}
