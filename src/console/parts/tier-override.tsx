import { useState } from 'preact/hooks';
import type { CertificateApplication } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { SelectField, TextField } from './field.tsx';
import { Facts, Panel } from './page.tsx';
import { Refusal } from './states.tsx';

interface Draft {
  act: 'propose' | 'confirm' | 'refuse';
  tier: number;
  reason: string;
}

const tiers = [1, 2, 3, 4, 5, 6];

/** Another tier than the score or the rule gave: one officer proposes it with a reason, another one signs. */
export function TierOverride(props: { item: CertificateApplication; reload: () => void }) {
  const { item, reload } = props;
  const { override } = item;
  const write = useWrite<Draft>(async ({ act, tier, reason }, keyFor) => {
    const { applications } = client.certificates;
    const options = { idempotencyKey: keyFor(act) };
    if (act === 'propose') await applications.override(item.id, { tier, reason }, options);
    else {
      const proposedAt = override?.proposedAt ?? '';
      await applications.decideOverride(item.id, { decision: act, proposedAt }, options);
    }
    showToast({ text: t(`override.done.${act}`) });
    reload();
  });
  const me = identity.value?.id;
  const isOpen = item.state === 'identified' && override?.checker === undefined;
  const mayAct = isOpen && item.applicant !== me;
  const mayDecide = mayAct && override && override.maker !== me && allows('approveCertificates');
  if (!override && !(mayAct && allows('overrideTiers'))) return null;
  return (
    <Panel title={t('override.title')}>
      {write.error && <Refusal what="application.not-done" error={write.error} />}
      {override && <OverrideFacts override={override} />}
      {mayDecide && (
        <div class="foot">
          {(['refuse', 'confirm'] as const).map((act) => (
            <button
              type="button"
              key={act}
              class={act === 'confirm' ? 'btn primary' : 'btn'}
              aria-busy={write.busy}
              onClick={() => void write.run({ act, tier: 0, reason: '' })}
            >
              {t(`override.act.${act}`)}
            </button>
          ))}
        </div>
      )}
      {mayAct && !override && (
        <Propose
          item={item}
          isBusy={write.busy}
          onPropose={(tier, reason) => void write.run({ act: 'propose', tier, reason })}
        />
      )}
    </Panel>
  );
}

function OverrideFacts({ override }: Required<Pick<CertificateApplication, 'override'>>) {
  const { fromTier, tier, reason, maker, checker, proposedAt } = override;
  return (
    <Facts
      items={[
        [t('override.tier'), t('override.from-to', { from: fromTier, to: tier })],
        [t('application.reason'), reason],
        [t('override.maker'), `${maker} · ${formatMoment(proposedAt)}`],
        [t('override.checker'), checker ?? t('override.open')],
      ]}
    />
  );
}

function Propose(props: {
  item: CertificateApplication;
  isBusy: boolean;
  onPropose: (tier: number, reason: string) => void;
}) {
  const { item, onPropose } = props;
  const { tier: given, bestTier } = item.tierRange;
  const choices = tiers.filter((tier) => tier !== given && tier >= bestTier);
  const [tier, setTier] = useState(choices[0] ?? given);
  const [reason, setReason] = useState('');
  const [isChecked, setChecked] = useState(false);
  const isMissing = reason.trim() === '';
  return (
    <>
      <p class="small muted">
        {t(item.decidedTier === undefined ? 'override.hint.unscored' : 'override.hint', {
          tier: given,
          best: bestTier,
        })}
      </p>
      <SelectField
        label={t('override.tier')}
        value={String(tier)}
        options={choices.map((choice) => ({
          value: String(choice),
          text: `${choice} · ${t(`tier.${choice}` as 'tier.1')}`,
        }))}
        onChange={(value) => setTier(Number(value))}
      />
      <TextField
        label={t('application.reason')}
        value={reason}
        onInput={setReason}
        wrong={isChecked && isMissing ? t('override.reason.missing') : undefined}
        required
      />
      <div class="foot">
        <button
          type="button"
          class="btn"
          aria-busy={props.isBusy}
          onClick={() => {
            setChecked(true);
            if (!isMissing) onPropose(tier, reason.trim());
          }}
        >
          {t('override.act.propose')}
        </button>
      </div>
    </>
  );
}
