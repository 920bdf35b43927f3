import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Verification } from '../../client/index.ts';
import { formatMoment, inFours } from '../format.ts';
import { setTick } from '../home/ticks.ts';
import { inLanguage, type Key, language, languageTag, maybe, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { type NamedSeal, namedSeal } from '../lookup.ts';
import { formatMoney, inCapitals } from '../money.ts';
import { Status, VerdictStatus } from '../parts/chip.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, PageHead } from '../parts/page.tsx';
import { SealMarkName } from '../parts/seal-name.tsx';
import { Loaded, Loading, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { presentedSample } from '../samples.ts';
import { allows, client, identity } from '../session.ts';

type VendorScore = Verification['vendors'][number];

const verdictTone = { pass: 'ok', fail: 'no', review: 'wait' } as const;
const verdictHead: Record<Verification['verdict'], Key> = {
  pass: 'verdict.pass',
  fail: 'verdict.fail',
  review: 'verdict.review',
};
const verdictNext: Record<Verification['verdict'], Key> = {
  pass: 'verdict.pass.next',
  fail: 'verdict.fail.next',
  review: 'verdict.review.next',
};

function whyOf(verification: Verification): string {
  const { vendors, reasons } = verification;
  const refused = vendors.filter((vendor) => !vendor.match).length;
  const counted =
    refused === 0
      ? t('verdict.all-match', { total: vendors.length })
      : t('verdict.some-differ', { total: vendors.length, refused });
  // What several vendors say is said once, with their names.
  const sayers = new Map<string, string[]>();
  for (const { code, detail } of reasons) {
    const name = maybe(`vendor.${detail}`) ?? detail ?? '';
    sayers.set(code, [...(sayers.get(code) ?? []), name]);
  }
  const words = [...sayers]
    .map(([code, names]) => maybe(`reason.${code}`, { vendors: listed(names) }))
    .filter((text) => text !== undefined);
  return [counted, ...words].join(language.value === 'zh' ? '' : ' ');
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat(languageTag.value).format(names);
}

/** The verdict, then the reason, then the next step. */
function Verdict({ verification }: { verification: Verification }) {
  const tone = verdictTone[verification.verdict];
  return (
    <section class={`call ${tone}`} role={tone === 'no' ? 'alert' : 'status'}>
      <h2>
        <Glyph name={tone} />
        {t(verdictHead[verification.verdict])}
      </h2>
      <p>{whyOf(verification)}</p>
      <p class="muted">{t(verdictNext[verification.verdict])}</p>
    </section>
  );
}

function Score({ vendor }: { vendor: VendorScore }) {
  const relation = vendor.match ? '≥' : '<';
  return (
    <div class="vendor">
      <span>
        {maybe(`vendor.${vendor.code}`) ?? vendor.name}{' '}
        <span class="faint small mono nowrap">
          {vendor.code} {vendor.version}
        </span>
      </span>
      <Status tone={vendor.match ? 'ok' : 'no'}>
        {t(vendor.match ? 'vendor.match' : 'vendor.differs')}
      </Status>
      <div
        class={`score${vendor.match ? '' : ' no'}`}
        role="img"
        aria-label={`${vendor.score.toFixed(3)} ${relation} ${vendor.threshold.toFixed(3)}`}
        style={{ '--v': vendor.score, '--t': vendor.threshold }}
      >
        <i />
        <b />
      </div>
      <span class="figures small num">
        <b>{vendor.score.toFixed(3)}</b>
        <span class="faint">
          {relation} {vendor.threshold.toFixed(3)}
        </span>
      </span>
    </div>
  );
}

/** Which row of the policy decided how many vendors were asked, and how they were drawn (B5). */
function Rule({ verification }: { verification: Verification }) {
  const { policy, branch } = verification;
  const { level, draw } = policy;
  const count = (n: number, chosen: boolean) => {
    const text = t('rule.count', { n });
    return chosen ? <b>{text}</b> : text;
  };
  return (
    <section>
      <h3>{t('rule.title')}</h3>
      <Facts
        items={[
          [
            t(policy.branch.isListed ? 'rule.branch' : 'rule.branch.unlisted', { branch }),
            count(policy.branch.vendorCount, policy.source !== 'level'),
          ],
          level
            ? [
                t('rule.level', {
                  money: formatMoney(level.fromMinor, level.currency, language.value),
                }),
                count(level.vendorCount, policy.source === 'level'),
              ]
            : [t('rule.level.none'), '—'],
        ]}
      />
      <p class="small faint">
        {t('rule.larger', { n: policy.vendorCount })} {policy.secondReviewer && t('rule.second')}{' '}
        {draw.candidates.length > 0 &&
          t('rule.drawn', {
            candidates: draw.candidates.join(', '),
            bytes: draw.bytesHex || '—',
          })}{' '}
        {t('rule.version', { n: policy.version })}
      </p>
    </section>
  );
}

/** The verdict and what it rests on. */
function Judgement(props: { verification: Verification; afterVerdict: ComponentChildren }) {
  const { verification } = props;
  return (
    <>
      <Verdict verification={verification} />
      {props.afterVerdict}
      <section>
        <h3>
          {t('vendor.title')}
          <span>{t('vendor.score-threshold')}</span>
        </h3>
        <div class="vendors">
          {verification.vendors.map((vendor) => (
            <Score key={vendor.code} vendor={vendor} />
          ))}
        </div>
      </section>
      <Rule verification={verification} />
    </>
  );
}

function Voucher({ verification, named }: { verification: Verification; named: NamedSeal }) {
  const { seal, account } = named;
  const card = account.cards.find((item) => item.id === seal.cardId);
  // A Worker's clock stands still between inputs, so the service may not know how long it took.
  const elapsed: [string, string][] =
    verification.elapsedMs > 0
      ? [
          [
            t('verification.elapsed'),
            t('verification.elapsed.ms', { ms: Math.round(verification.elapsedMs) }),
          ],
        ]
      : [];
  const words = verification.currency === 'CNY' ? inCapitals(verification.amountMinor) : undefined;
  return (
    <section>
      <h3>{t('verify.voucher')}</h3>
      <Facts
        items={[
          [t('account.number'), <span class="mono">{inFours(account.number)}</span>],
          [
            t('verification.amount'),
            <span class="num">
              {formatMoney(verification.amountMinor, verification.currency, language.value)}
              {words && (
                <span class="block" lang="zh-CN">
                  {words}
                </span>
              )}
            </span>,
          ],
          [
            t('card.title'),
            card ? `${card.number} · ${t('card.until', { date: card.endDate })}` : '—',
          ],
          [
            t('seal.title'),
            <a href={`/seals/${seal.id}`}>
              <SealMarkName seal={seal} />
            </a>,
          ],
          [t('verify.branch'), verification.branch],
          [t('verification.by'), verification.requestedBy],
          ...elapsed,
        ]}
      />
    </section>
  );
}

function vendorToShow(verification: Verification): VendorScore | undefined {
  // Mismatching ones first: that is where a person has to look.
  return verification.vendors.find((vendor) => !vendor.match) ?? verification.vendors[0];
}

/** The viewer is heavy and comes when it is needed, together with the two pictures. */
export function Stage({
  verification,
  named,
  afterVerdict,
  extra,
}: {
  verification: Verification;
  named: NamedSeal;
  /** What a page adds below the verdict. */
  afterVerdict?: ComponentChildren;
  /** What a page adds below the differences. */
  extra?: ComponentChildren;
}) {
  const [vendor, setVendor] = useState(vendorToShow(verification)?.code ?? '');
  const [resource, reload] = useResource(
    async (signal) => {
      const [{ Viewer }, { loadPair }] = await Promise.all([
        import('../viewer/viewer.tsx'),
        import('../viewer/load.ts'),
      ]);
      return { Viewer, pair: await loadPair(verification.id, vendor, signal) };
    },
    [verification.id, vendor],
  );
  useEffect(() => {
    if (resource.kind === 'ready' && verification.verdict !== 'pass') {
      setTick('imprint.compare');
    }
  }, [resource.kind, verification.id, verification.verdict]);

  const chooser = verification.vendors.length > 1 && (
    <section>
      <h3>{t('viewer.vendor')}</h3>
      <div class="seg small">
        {verification.vendors.map((item) => (
          <button
            key={item.code}
            type="button"
            aria-pressed={item.code === vendor}
            onClick={() => setVendor(item.code)}
          >
            {item.code}
          </button>
        ))}
      </div>
    </section>
  );
  const above = (
    <>
      <Judgement verification={verification} afterVerdict={afterVerdict} />
      {chooser}
    </>
  );
  const below = (
    <>
      {extra}
      <Voucher verification={verification} named={named} />
    </>
  );
  if (resource.kind === 'ready') {
    const { Viewer, pair } = resource.value;
    return <Viewer key={`${verification.id} ${vendor}`} pair={pair} above={above} below={below} />;
  }
  return (
    <div class="viewer">
      <div class="tools" />
      <div class="stage waiting">
        {resource.kind === 'loading' && <Loading lines={3} />}
        {resource.kind === 'failed' && (
          <Refusal what="viewer.no-pictures" error={resource.error} retry={reload} />
        )}
      </div>
      <div class="read" />
      <aside class="findings" aria-label={t('verification.findings')}>
        {above}
        {below}
      </aside>
    </div>
  );
}

/** What people decided, or that one is still waited for. */
function ReviewState({ id }: { id: string }) {
  const [resource] = useResource((signal) => client.reviews.get(id, { signal }), [id]);
  if (resource.kind !== 'ready') return null;
  const { review, decisions } = resource.value;
  const tone = review.outcome === 'pass' ? 'ok' : review.outcome === 'fail' ? 'no' : 'wait';
  return (
    <section>
      <h3>{t('review.decisions')}</h3>
      <Status tone={tone}>
        {t(review.outcome ? `review.settled.${review.outcome}` : 'review.open')}
      </Status>
      <ul class="small">
        {decisions.map((item) => (
          <li key={item.id}>
            {item.reviewer} {t(`reason.${item.reason}`)} {item.note}{' '}
            <span class="faint">
              {t(`review.${item.state}`)}{' '}
              {item.ledger && t('review.ledger', { index: item.ledger.index })}
            </span>
          </li>
        ))}
      </ul>
      {review.outcome === null && identity.value?.role === 'reviewer' && (
        <a class="btn" href="/review">
          {t('review.go')}
        </a>
      )}
    </section>
  );
}

/** What a sample really was: a person looks first, and opens this to see who was right. */
function Truth(props: {
  verification: Verification;
  open: boolean;
  onToggle: (open: boolean) => void;
}) {
  const { verification } = props;
  const [resource] = useResource(() => presentedSample(verification.id), [verification.id]);
  const truth = resource.kind === 'ready' ? resource.value?.truth : undefined;
  if (!truth) return null;
  const passed = verification.verdict === 'pass';
  const key =
    verification.verdict === 'review' ? 'open' : passed === truth.genuine ? 'right' : 'wrong';
  return (
    <section>
      <details
        class="truth"
        open={props.open}
        onToggle={(event) => props.onToggle(event.currentTarget.open)}
      >
        <summary>{t('truth.title')}</summary>
        <p>
          <b>{inLanguage(truth)}</b>
        </p>
        <p class="small faint">{t(`truth.${key}`)}</p>
      </details>
    </section>
  );
}

export function VerificationPage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    async (signal) => {
      const verification = await client.verifications.get(id, { signal });
      return { verification, named: await namedSeal(verification.sealId) };
    },
    [id],
  );
  // Kept here, since what stands beside the pictures is drawn anew when they come.
  const [revealed, setRevealed] = useState('');
  const reveal = (open: boolean) => setRevealed(open ? id : '');
  const sealId = resource.kind === 'ready' ? resource.value.verification.sealId : '';
  const againHref = `/verify?seal=${sealId}`;
  const again = allows('writeSeals');
  useKeys(
    again && sealId !== ''
      ? [{ key: 'v', label: t('verify.another'), run: () => navigate(againHref) }]
      : [],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {({ verification, named }) => (
        <div class="work">
          <PageHead
            title={named.account.name}
            isName
            crumbs={[{ text: t('nav.verifications'), href: '/verifications' }]}
            state={<VerdictStatus verdict={verification.verdict} chip />}
            facts={
              <>
                <SealMarkName seal={named.seal} />
                <span class="num">
                  {formatMoney(verification.amountMinor, verification.currency, language.value)}
                </span>
                <span class="num">{formatMoment(verification.createdAt)}</span>
                <span class="mono" title={verification.id}>
                  {verification.id.slice(0, 13)}…
                </span>
              </>
            }
            actions={
              again && (
                <a class="btn" href={againHref}>
                  {t('verify.another')} <kbd>V</kbd>
                </a>
              )
            }
          />
          <Stage
            verification={verification}
            named={named}
            afterVerdict={
              <Truth verification={verification} open={revealed === id} onToggle={reveal} />
            }
            extra={verification.nextStep === 'review' && <ReviewState id={verification.id} />}
          />
        </div>
      )}
    </Loaded>
  );
}
