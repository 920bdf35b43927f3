import { useId, useRef, useState } from 'preact/hooks';
import type { Grant, GrantChange, InstitutionKey, Operation } from '../../client/index.ts';
import type { NamedFile } from '../../client/institution-api.ts';
import { formatBytes } from '../format.ts';
import { language, maybe, t } from '../i18n/index.ts';
import { formatMoney } from '../money.ts';
import { Status, type Tone } from '../parts/chip.tsx';

export const fileBytesMax = 8 * 1024 * 1024;

/** Large lists are not expected here; who has more is told by the list itself. */
export const listMax = 100;

const standingTones: Record<string, Tone> = { good: 'ok', on_hold: 'wait', undelivered: 'run' };

export function Standing({ item, chip }: { item: InstitutionKey; chip?: boolean }) {
  const standing = item.standing ?? 'none';
  const tone = standing === 'none' ? 'run' : (standingTones[standing] ?? 'no');
  return (
    <Status tone={tone} chip={chip ?? false}>
      {t(`standing.${standing}`)}
    </Status>
  );
}

const grantTones: Record<Grant['state'], Tone> = { proposed: 'wait', active: 'ok', revoked: 'off' };

export const GrantStatus = ({ item }: { item: Grant }) => (
  <Status tone={grantTones[item.state]}>{t(`grant.state.${item.state}`)}</Status>
);

const operationTones: Record<Operation['state'], Tone> = {
  asked: 'wait',
  approved: 'wait',
  activated: 'run',
  executed: 'wait',
  completed: 'ok',
  refused: 'no',
  cancelled: 'off',
};

export function OperationStatus({ item, chip }: { item: Operation; chip?: boolean }) {
  return (
    <Status tone={operationTones[item.state]} chip={chip ?? false}>
      {t(`operation.state.${item.state}`)}
    </Status>
  );
}

export const actionOf = (item: Operation) => t(`use.action.${item.document?.action ?? 'raw'}`);

export const purposeOf = ({ purpose, algorithm }: InstitutionKey) =>
  `${t(`purpose.${purpose}`)} · ${algorithm === 'sm2' ? 'SM2' : 'P-256'}`;

export function amountText(amount: { currency: string; minor: number } | null | undefined): string {
  return amount ? formatMoney(amount.minor, amount.currency, language.value) : t('grant.no-amount');
}

/** The terms of a grant in one line. */
export function termsOf(
  grant: Pick<Grant, 'operations' | 'documentTypes' | 'amountMax' | 'approvalsNeeded'>,
): string {
  return [
    grant.operations.map((one) => t(`grant.operation.${one}`)).join(' '),
    grant.documentTypes.join(', ') || t('grant.any-type'),
    amountText(grant.amountMax),
    ...(grant.approvalsNeeded > 0
      ? [t('grant.approvals.text', { count: grant.approvalsNeeded })]
      : []),
  ].join(' · ');
}

export const changeTitle = (change: GrantChange) => t(`change.${change.action}`);

/** Takes one file: dropped, or chosen. */
export function FileInput(props: {
  label: string;
  hint?: string;
  value: NamedFile | undefined;
  accept?: string;
  bytesMax?: number;
  wrong?: string | undefined;
  onChange: (file: NamedFile | undefined) => void;
}) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [tooLarge, setTooLarge] = useState(false);
  const wrong = tooLarge ? t('use.file.large') : props.wrong;
  function take(file: File | undefined) {
    if (!file) return;
    const isLarge = file.size > (props.bytesMax ?? fileBytesMax);
    setTooLarge(isLarge);
    props.onChange(isLarge ? undefined : { bytes: file, name: file.name });
  }
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the file field inside does the same by keyboard */}
      <div
        class={`drop file${over ? ' over' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files[0]);
        }}
      >
        <span lang="zh-CN">
          {props.value
            ? `${props.value.name} · ${formatBytes(props.value.bytes.size)}`
            : t('use.file.drop')}
        </span>
        <label class="btn" for={id}>
          {t('use.file.choose')}
        </label>
        <input
          id={id}
          ref={field}
          class="vh"
          type="file"
          accept={props.accept ?? ''}
          aria-invalid={wrong !== undefined}
          aria-describedby={`${id}-note`}
          onChange={(event) => take(event.currentTarget.files?.[0])}
        />
      </div>
      <div id={`${id}-note`} class={wrong ? 'wrong' : 'hint'}>
        {wrong ?? props.hint}
      </div>
    </div>
  );
}

/** The words of a code of the evidence or of a signature, or the code itself. */
export const codeText = (code: string) => maybe(`check.code.${code}`) ?? code;
