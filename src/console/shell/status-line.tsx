import { useEffect, useState } from 'preact/hooks';
import { formatMoment } from '../format.ts';
import { inLanguage, t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { client, identity, openClient } from '../session.ts';

type Health = 'unknown' | 'ready' | 'unavailable' | 'offline';

const healthEveryMs = 30_000;

/** Asks while the page is seen: a hidden tab needs no answer. */
function useHealth(): { health: Health; failed: string[] } {
  const [state, setState] = useState<{ health: Health; failed: string[] }>({
    health: 'unknown',
    failed: [],
  });
  useEffect(() => {
    let live = true;
    async function ask() {
      if (document.hidden) return;
      try {
        const { status, checks } = await openClient.service.readiness();
        const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
        if (live) setState({ health: status, failed });
      } catch {
        if (live) setState({ health: 'offline', failed: [] });
      }
    }
    void ask();
    const timer = setInterval(() => void ask(), healthEveryMs);
    const onVisible = () => void ask();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      live = false;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, []);
  return state;
}

function useClock(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

const healthTone = { unknown: 'off', ready: 'ok', unavailable: 'no', offline: 'no' } as const;

/** Whether the service is well, what it has to say, and the time. */
export function StatusLine(props: { onHelp: () => void }) {
  const { health, failed } = useHealth();
  const now = useClock();
  const who = identity.value?.id;
  const [notice, setNotice] = useState<{ zh: string; en: string } | null>(null);
  useEffect(() => {
    if (who === undefined) return;
    client.service.notice().then(
      (answer) => setNotice(answer.notice),
      // A notice that cannot be read is not worth a word; the state beside it says the rest.
      () => setNotice(null),
    );
  }, [who]);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <footer class="status">
      <Status tone={healthTone[health]}>
        {t(`health.${health}`)}
        {failed.length > 0 && <span class="mono">{failed.join(', ')}</span>}
      </Status>
      {notice && <span class="notice ellipsis">{inLanguage(notice)}</span>}
      <span class="grow" />
      <button type="button" onClick={props.onHelp}>
        {t('help.hint')} <kbd>?</kbd>
      </button>
      <time title={zone}>{formatMoment(now)}</time>
    </footer>
  );
}
