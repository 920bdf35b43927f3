import { PageHead } from '../parts/page.tsx';
import { q } from '../pay/words.ts';
import { query, setParameter } from '../router.ts';
import { Payees } from './payees.tsx';
import { PolicyDesk } from './policy.tsx';
import { PastOrders, Queue } from './queue.tsx';
import '../styles/federation.css';
import '../person/person.css';
import './risk.css';

const places = ['queue', 'policy', 'payees', 'past'] as const;

/** What waits for a risk officer, the rules, the list of payees, and what was paid. */
export function RiskDesk() {
  const wanted = query.value.get('at');
  const place = places.find((one) => one === wanted) ?? 'queue';
  return (
    <>
      <PageHead
        title={q('risk.title')}
        facts={
          <nav class="seg" aria-label={q('risk.pages')}>
            {places.map((one) => (
              <button
                type="button"
                key={one}
                aria-pressed={one === place}
                onClick={() => setParameter('at', one)}
              >
                {q(`risk.${one}`)}
              </button>
            ))}
          </nav>
        }
      />
      <div class="body">
        {place === 'queue' && <Queue />}
        {place === 'policy' && <PolicyDesk />}
        {place === 'payees' && <Payees />}
        {place === 'past' && <PastOrders />}
      </div>
    </>
  );
}
