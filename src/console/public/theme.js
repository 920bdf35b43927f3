// Before the first paint, so that a dark page does not flash white. Runs as a file of its own:
// the content policy allows no inline script.
(() => {
  const root = document.documentElement;
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem('cinnabar.theme');
    language = localStorage.getItem('cinnabar.language');
  } catch {
    // Storage may be forbidden; the system's preferences then decide alone.
  }
  const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = theme ?? (prefersDark ? 'dark' : 'light');
  root.lang = language ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en');
})();
