import { describe, expect, it } from 'vitest';
import { changeCard, getCard } from '../../../src/domain/seals/cards.ts';
import {
  decideSealChange,
  listSealChanges,
  submitRevision,
} from '../../../src/domain/seals/changes.ts';
import { prepareAddition, prepareSeal, prepareStatus } from '../../../src/domain/seals/enrol.ts';
import { sweepOrphans } from '../../../src/domain/seals/orphans.ts';
import type { SealStatus } from '../../../src/domain/seals/types.ts';
import { ringWithCross, ringWithSquare } from '../../helpers/imprints.ts';
import { personOf, sealMachine } from '../../helpers/seal-machine.ts';

const teller = personOf('teller-1');
const checker = personOf('administrator-1', 'administrator');
const code = (expected: string) => expect.objectContaining({ code: expected });
type Machine = Awaited<ReturnType<typeof sealMachine>>;

function setStatus({ deps }: Machine, status: SealStatus, revision: number) {
  const ids = { sealId: 's', revisionId: `status-${revision}` };
  const request = { ...ids, revision, status, reason: '挂失' };
  return submitRevision(deps, teller, ids, () => prepareStatus(deps, teller, request));
}

function addImprint({ deps }: Machine, revision: number, bytes = ringWithSquare) {
  const ids = { sealId: 's', revisionId: `imprint-${revision}` };
  const request = { ...ids, revision, imprint: { bytes } };
  return submitRevision(deps, teller, ids, () => prepareAddition(deps, teller, request));
}

describe('B4: what becomes of a seal', () => {
  it('suspended it verifies nothing, active again it does, closed it never does again', async () => {
    const machine = await sealMachine();
    await machine.enrol('s');
    await setStatus(machine, 'suspended', 1);
    await expect(machine.verify('v1')).rejects.toEqual(code('seal_not_active'));
    await setStatus(machine, 'active', 2);
    expect((await machine.verify('v2')).verdict).toBe('pass');
    await setStatus(machine, 'closed', 3);
    await expect(machine.verify('v3')).rejects.toEqual(code('seal_not_active'));
    await expect(setStatus(machine, 'active', 4)).rejects.toEqual(code('seal_not_active'));
    const history = await machine.deps.seals.listRevisions('bank', 's');
    expect(history.map(({ status }) => status)).toEqual([
      'closed',
      'active',
      'suspended',
      'active',
    ]);
    expect(await machine.audit()).toContainEqual(
      expect.objectContaining({ action: 'seal.verify', outcome: 'refused' }),
    );
  });

  it('a card that is suspended verifies nothing, and changes one version at a time', async () => {
    const machine = await sealMachine();
    const { deps } = machine;
    await machine.enrol('s');
    const change = { cardId: 'c', version: 1, reason: '挂失' };
    await changeCard(deps, teller, { ...change, status: 'suspended' });
    // A retry of the same change is the same change.
    await changeCard(deps, teller, { ...change, status: 'suspended' });
    await expect(machine.verify('v1')).rejects.toEqual(code('seal_card_inactive'));
    await expect(changeCard(deps, teller, { ...change, status: 'closed' })).rejects.toEqual(
      code('card_changed'),
    );
    const next = { ...change, version: 2 };
    await expect(changeCard(deps, teller, { ...next, endDate: '2020-01-01' })).rejects.toEqual(
      code('invalid_request'),
    );
    await expect(changeCard(deps, teller, { ...next, combinations: [['nobody']] })).rejects.toEqual(
      code('invalid_request'),
    );
    await changeCard(deps, teller, { ...next, status: 'active', combinations: [['s']] });
    expect((await machine.verify('v2')).verdict).toBe('pass');
    expect(await getCard(deps, teller.actor, 'c')).toMatchObject({ version: 3 });
  });

  it('with several reserved imprints a query needs to match one of them', async () => {
    const machine = await sealMachine();
    await machine.enrol('s');
    expect((await machine.verify('v1', ringWithSquare)).verdict).toBe('fail');
    await addImprint(machine, 1);
    const [cross, square] = [
      await machine.verify('v2'),
      await machine.verify('v3', ringWithSquare),
    ];
    expect([cross.verdict, square.verdict]).toEqual(['pass', 'pass']);
    const used = [cross, square].map(({ vendors }) => vendors[0]?.reservedTemplateId);
    expect(new Set(used).size).toBe(2);
    for (let revision = 2; revision <= 4; revision++) await addImprint(machine, revision);
    await expect(addImprint(machine, 5)).rejects.toEqual(code('seal_imprints_full'));
  });
});

describe('B4: maker and checker', () => {
  const policy = { defaultCount: 'all', branches: {}, levels: [], approveChanges: true } as const;

  async function proposed() {
    const machine = await sealMachine({ policy });
    const { deps } = machine;
    const request = {
      id: 's',
      cardId: 'c',
      serial: 's',
      shape: 'round',
      remark: '',
      imprint: { bytes: ringWithCross },
    } as const;
    const ids = { sealId: 's', revisionId: 's' };
    const submit = () =>
      submitRevision(deps, teller, ids, () => prepareSeal(deps, teller, request));
    return { ...machine, submit, made: await submit() };
  }

  it('a seal is there when a second person approved it, not before', async () => {
    const { deps, submit, made, verify } = await proposed();
    if (!('change' in made)) throw new Error('stored without a second person');
    expect(await deps.seals.findSeal('bank', 's')).toBeUndefined();
    expect(await submit()).toEqual(made);
    const decision = { id: 's', decision: 'approve', reason: '已核对' } as const;
    await expect(decideSealChange(deps, teller, decision)).rejects.toEqual(code('own_work'));
    // Its templates wait with it, however long.
    const objectKeys = made.change.seal.templates.map(({ objectKey }) => objectKey);
    await sweepOrphans(deps, { tenant: 'bank', objectKeys });
    expect(await decideSealChange(deps, checker, decision)).toMatchObject({ state: 'approved' });
    expect((await decideSealChange(deps, checker, decision)).decidedBy).toBe('administrator-1');
    expect((await verify('v')).verdict).toBe('pass');
    const { items } = await listSealChanges(deps, teller.actor, {}, { limit: 10 });
    expect(items).toMatchObject([{ id: 's', state: 'approved', action: 'seal.enrol' }]);
  });

  it('what is rejected leaves nothing behind', async () => {
    const { deps, made } = await proposed();
    const decision = { id: 's', decision: 'reject', reason: '印模不清' } as const;
    await decideSealChange(deps, checker, decision);
    expect(await deps.seals.findSeal('bank', 's')).toBeUndefined();
    const templates = 'change' in made ? made.change.seal.templates : [];
    expect(templates.length).toBeGreaterThan(0);
    for (const { objectKey } of templates) {
      expect(await deps.objects.get(objectKey)).toBeUndefined();
    }
    await expect(
      decideSealChange(deps, checker, { ...decision, decision: 'approve' }),
    ).rejects.toEqual(code('seal_changed'));
  });

  it('a change of a revision that is no longer the current one is refused', async () => {
    const machine = await proposed();
    const { deps } = machine;
    const decision = { decision: 'approve', reason: 'r' } as const;
    await decideSealChange(deps, checker, { ...decision, id: 's' });
    const both = [await addImprint(machine, 1), await setStatus(machine, 'suspended', 1)];
    expect(both.every((made) => 'change' in made)).toBe(true);
    await decideSealChange(deps, checker, { ...decision, id: 'imprint-1' });
    await expect(decideSealChange(deps, checker, { ...decision, id: 'status-1' })).rejects.toEqual(
      code('seal_changed'),
    );
    expect((await deps.seals.findSeal('bank', 's'))?.templates).toHaveLength(2);
  });
});
