import { t } from '../i18n/index.ts';
import { TextField } from './field.tsx';

export interface CardDraft {
  number: string;
  startDate: string;
  endDate: string;
}

export type CardProblems = Partial<Record<keyof CardDraft, string>>;

const datePattern = /^\d{4}-\d{2}-\d{2}$/;

export function checkCard(card: CardDraft): CardProblems {
  const problems: CardProblems = {};
  if (card.number === '') problems.number = t('field.required');
  if (!datePattern.test(card.startDate)) problems.startDate = t('field.date');
  if (!datePattern.test(card.endDate)) problems.endDate = t('field.date');
  else if (card.endDate < card.startDate) problems.endDate = t('card.ends-before');
  return problems;
}

export function CardFields(props: {
  value: CardDraft;
  onChange: (card: CardDraft) => void;
  problems: CardProblems;
}) {
  const { value } = props;
  return (
    <div class="fields">
      <TextField
        label={t('card.number')}
        value={value.number}
        wrong={props.problems.number}
        onInput={(number) => props.onChange({ ...value, number })}
        required
        mono
      />
      <TextField
        label={t('card.start')}
        type="date"
        value={value.startDate}
        wrong={props.problems.startDate}
        onInput={(startDate) => props.onChange({ ...value, startDate })}
        required
      />
      <TextField
        label={t('card.end')}
        type="date"
        value={value.endDate}
        wrong={props.problems.endDate}
        onInput={(endDate) => props.onChange({ ...value, endDate })}
        required
      />
    </div>
  );
}
