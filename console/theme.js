// Runs before anything is drawn, so that chosen colours do not flash.
(() => {
  const KEY = 'warmline.theme';
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const apply = (theme) => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  window.warmlineTheme = {
    get: () => stored() ?? 'auto',
    set(theme) {
      try {
        if (theme === 'auto') localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, theme);
      } catch {
        // Then it holds until the page is left.
      }
      apply(theme);
    },
  };
  apply(stored());
})();
