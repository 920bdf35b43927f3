import type {
  ApiError,
  DemoApplicants,
  Permission,
  RequestedSettings,
  SettingsRole,
} from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { parseAmount } from '../money.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFrame } from '../parts/form-frame.tsx';
import { KeyPassword } from '../parts/key-password.tsx';
import { Panel } from '../parts/page.tsx';
import { useResource } from '../resource.ts';
import { client } from '../session.ts';

export const permissionNames: readonly Permission[] = [
  'view',
  'make',
  'check',
  'payroll',
  'fx',
  'authorise',
];
const roleNames: readonly SettingsRole[] = ['viewer', 'maker', 'checker', 'authoriser'];

export interface ApplicationFormValue {
  identity: { name: string; idNumber: string; phone: string };
  role: SettingsRole;
  permissions: readonly Permission[];
  single: string;
  daily: string;
  count: string;
  /** Under which the private key will be saved. */
  password: string;
}

export const emptyForm: ApplicationFormValue = {
  identity: { name: '', idNumber: '', phone: '' },
  role: 'checker',
  permissions: ['view', 'make', 'check'],
  single: '50,000',
  daily: '200,000',
  count: '20',
  password: '',
};

/** What is asked for, or nothing while an amount cannot be read. */
export function requestedOf(value: ApplicationFormValue): RequestedSettings | undefined {
  const single = parseAmount(value.single, 'CNY');
  const daily = parseAmount(value.daily, 'CNY');
  const isCount = /^[1-9]\d{0,4}$/.test(value.count.trim());
  if (single === undefined || daily === undefined || !isCount) return undefined;
  return {
    role: value.role,
    permissions: value.permissions,
    limits: [
      {
        channel: 'online',
        currency: 'CNY',
        single: String(single),
        daily: String(daily),
        count: Number(value.count),
      },
    ],
  };
}

interface FormProps {
  value: ApplicationFormValue;
  onChange: (value: ApplicationFormValue) => void;
  /** Fields that cannot be what they should. */
  wrong: readonly string[];
  error: ApiError | undefined;
  onSubmit: () => void;
}

export function ApplicationForm(props: FormProps) {
  const { value, onChange, wrong, error, onSubmit } = props;
  useKeys([{ key: 'mod+Enter', label: t('apply.read-consent'), run: onSubmit }]);
  return (
    <FormFrame
      layout="columns"
      what="apply.not-prepared"
      error={error}
      retry={onSubmit}
      onSubmit={onSubmit}
    >
      <div class="stack">
        <Who value={value} onChange={onChange} wrong={wrong} />
      </div>
      <div class="stack">
        <What value={value} onChange={onChange} wrong={wrong} />
        <Panel title={t('apply.key')}>
          <KeyPassword
            value={value.password}
            onInput={(password) => onChange({ ...value, password })}
            isChecked={wrong.includes('password')}
          />
        </Panel>
        <div class="foot">
          <button type="submit" class="btn primary">
            {t('apply.read-consent')} <kbd>Ctrl ↵</kbd>
          </button>
        </div>
      </div>
    </FormFrame>
  );
}

type PartProps = Pick<FormProps, 'value' | 'onChange' | 'wrong'>;

function Who({ value, onChange, wrong }: PartProps) {
  const { identity } = value;
  const [applicants] = useResource((signal) => client.demo.applicants({ signal }), []);
  const change = (part: Partial<typeof identity>) =>
    onChange({ ...value, identity: { ...identity, ...part } });
  const wrongOf = (
    field: string,
    words: 'apply.name.wrong' | 'apply.id.wrong' | 'apply.phone.wrong',
  ) => (wrong.includes(field) ? t(words) : undefined);
  return (
    <Panel title={t('apply.who')}>
      <p class="small muted">{t('apply.who.hint')}</p>
      <TextField
        label={t('apply.name')}
        value={identity.name}
        onInput={(name) => change({ name })}
        wrong={wrongOf('name', 'apply.name.wrong')}
        required
      />
      <TextField
        label={t('apply.id')}
        value={identity.idNumber}
        onInput={(idNumber) => change({ idNumber })}
        hint={t('apply.id.hint')}
        wrong={wrongOf('idNumber', 'apply.id.wrong')}
        mono
        required
      />
      <TextField
        label={t('apply.phone')}
        value={identity.phone}
        onInput={(phone) => change({ phone })}
        wrong={wrongOf('phone', 'apply.phone.wrong')}
        mono
        required
      />
      {applicants.kind === 'ready' && <Samples people={applicants.value} onChoose={change} />}
    </Panel>
  );
}

/** Demo mode only: people whom the sample nodes know. */
function Samples(props: {
  people: DemoApplicants;
  onChoose: (person: DemoApplicants['applicants'][number]) => void;
}) {
  return (
    <fieldset class="applicants">
      <legend class="label">{t('apply.samples')}</legend>
      {props.people.applicants.map((person) => (
        <button
          key={person.idNumber}
          type="button"
          class="btn"
          lang="zh-CN"
          data-applicant={person.idNumber}
          onClick={() => props.onChoose(person)}
        >
          {person.name}
        </button>
      ))}
    </fieldset>
  );
}

function What({ value, onChange, wrong }: PartProps) {
  const toggle = (permission: Permission, isWanted: boolean) => {
    const wanted = permissionNames.filter((name) =>
      name === permission ? isWanted : value.permissions.includes(name),
    );
    onChange({ ...value, permissions: wanted });
  };
  const amountWrong = wrong.includes('limits') ? t('verify.amount.wrong') : undefined;
  return (
    <Panel title={t('apply.what')}>
      <SelectField
        label={t('settings.role')}
        value={value.role}
        options={roleNames.map((role) => ({ value: role, text: t(`settings.role.${role}`) }))}
        onChange={(role) => onChange({ ...value, role })}
      />
      <fieldset class="checks">
        <legend class="label">{t('settings.permissions')}</legend>
        {permissionNames.map((permission) => (
          <label key={permission} class="check">
            <input
              type="checkbox"
              checked={value.permissions.includes(permission)}
              onChange={(event) => toggle(permission, event.currentTarget.checked)}
            />
            {t(`settings.permission.${permission}`)}
          </label>
        ))}
      </fieldset>
      <div class="fields">
        <TextField
          label={t('settings.single')}
          value={value.single}
          onInput={(single) => onChange({ ...value, single })}
          wrong={amountWrong}
          numeric
          required
        />
        <TextField
          label={t('settings.daily')}
          value={value.daily}
          onInput={(daily) => onChange({ ...value, daily })}
          numeric
          required
        />
        <TextField
          label={t('settings.count')}
          value={value.count}
          onInput={(count) => onChange({ ...value, count })}
          numeric
          required
        />
      </div>
    </Panel>
  );
}
