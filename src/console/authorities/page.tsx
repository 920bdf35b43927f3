import { useState } from 'preact/hooks';
import type { IssuingAuthority } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { allows, client, identity } from '../session.ts';
import { useWrite } from '../write.ts';
import { type Asked, Confirm } from './confirm.tsx';
import { a } from './words.ts';

const tones = { issuing: 'ok', retired: 'off', revoked: 'no' } as const;

/** Who issues: the generations of both hierarchies, the next one, and the end of one by two people. */
export function AuthoritiesPage() {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const [authorities, reload] = useResource(
    (signal) => client.certificates.authorities.list({ signal }),
    [identity.value?.id],
  );
  const done = () => {
    setAsked(undefined);
    reload();
  };
  return (
    <>
      <PageHead
        title={a('title')}
        {...(allows('readCertificates')
          ? { crumbs: [{ text: t('certificates.title'), href: '/certificates' }] }
          : {})}
        facts={<p class="muted">{a('lead')}</p>}
      />
      <div class="body">
        <Loaded resource={authorities} reload={reload} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={a('none')} hint={a('none.hint')} />
            ) : (
              (['sm2', 'p256'] as const).map((algorithm) => (
                <Hierarchy
                  key={algorithm}
                  items={items.filter((one) => one.algorithm === algorithm)}
                  ask={setAsked}
                  reload={reload}
                />
              ))
            )
          }
        </Loaded>
      </div>
      <Dialog
        title={
          asked
            ? a(asked.what === 'open' ? 'open.ask' : 'revoke.ask', {
                algorithm: a(`algorithm.${asked.authority.algorithm}`),
                generation: asked.authority.generation + (asked.what === 'open' ? 1 : 0),
              })
            : ''
        }
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        {asked && <Confirm asked={asked} onClose={() => setAsked(undefined)} onDone={done} />}
      </Dialog>
    </>
  );
}

function Hierarchy(props: {
  items: readonly IssuingAuthority[];
  ask: (asked: Asked) => void;
  reload: () => void;
}) {
  const { items, ask, reload } = props;
  const newest = items.at(-1);
  if (!newest) return null;
  return (
    <Panel
      title={a(`algorithm.${newest.algorithm}`)}
      flush
      aside={
        <button type="button" class="btn" onClick={() => ask({ what: 'open', authority: newest })}>
          {a('open')}
        </button>
      }
    >
      <ListTable
        items={items}
        idOf={({ serial }) => serial}
        columns={[
          {
            title: a('name'),
            class: 'nowrap',
            plain: true,
            cell: ({ generation }) => a('generation', { generation }),
          },
          {
            title: a('state'),
            wide: true,
            plain: true,
            cell: (authority) => <State authority={authority} reload={reload} />,
          },
          { title: a('until'), class: 'date', cell: ({ notAfter }) => formatMoment(notAfter) },
          { title: a('certificates'), class: 'num', cell: ({ certificates }) => certificates },
          {
            title: a('serial'),
            class: 'mono cut',
            hover: ({ serial }) => serial,
            cell: ({ serial }) => serial.slice(0, 12),
          },
          {
            title: a('acts'),
            plain: true,
            class: 'nowrap',
            cell: (authority) => <Acts authority={authority} ask={ask} />,
          },
        ]}
      />
    </Panel>
  );
}

function Acts({ authority, ask }: { authority: IssuingAuthority; ask: (asked: Asked) => void }) {
  const { algorithm, generation, state, certificate } = authority;
  return (
    <>
      <button
        type="button"
        class="btn quiet"
        onClick={() => saveFile(`cinnabar-issuing-${algorithm}-${generation}.pem`, certificate)}
      >
        {a('save')}
      </button>
      {state === 'retired' && (
        <button type="button" class="btn danger" onClick={() => ask({ what: 'revoke', authority })}>
          {a('revoke')}
        </button>
      )}
    </>
  );
}

/** The state, and what is known or left of a revocation. */
function State({ authority, reload }: { authority: IssuingAuthority; reload: () => void }) {
  const { state, revocation, revocationsLeft } = authority;
  const goOn = useWrite<NonNullable<typeof revocation>['reason']>(async (reason) => {
    await client.certificates.authorities.revoke(authority, reason);
    reload();
  });
  return (
    <>
      <Status tone={tones[state]}>{a(`state.${state}`)}</Status>
      {revocation && (
        <span class="small muted">
          {' '}
          {revocation.at === undefined
            ? a('proposed', {
                who: revocation.proposedBy,
                at: formatMoment(revocation.proposedAt),
                reason: a(`reason.${revocation.reason}`),
              })
            : a('done', {
                who: revocation.proposedBy,
                by: revocation.by ?? '',
                at: formatMoment(revocation.at),
                reason: a(`reason.${revocation.reason}`),
              })}
        </span>
      )}
      {revocation && revocationsLeft > 0 && (
        <p class="small">
          {a('left', { count: revocationsLeft })}{' '}
          <button
            type="button"
            class="btn quiet"
            aria-busy={goOn.busy}
            onClick={() => void goOn.run(revocation.reason)}
          >
            {a('left.go')}
          </button>
        </p>
      )}
      {goOn.error && <Refusal what={{ said: a('refused') }} error={goOn.error} />}
    </>
  );
}
