import { useEffect } from 'preact/hooks';

/** Calls `act` now and then while the page is looked at; at once when one comes back to it. */
export function usePoll(act: () => void, everyMs: number, isWanted = true): void {
  useEffect(() => {
    if (!isWanted) return;
    const look = () => {
      if (document.visibilityState === 'visible') act();
    };
    const timer = setInterval(look, everyMs);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [act, everyMs, isWanted]);
}
