/**
 * The switch between light and dark, stored in the browser. It runs before the page is drawn, so that the page never
 * flashes in the other theme. Without a choice, the page follows the system's theme.
 */
const key = 'volt-theme';
const root = document.documentElement;

function wanted(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // the browser may forbid storage
    return null;
  }
}

function isDark(): boolean {
  const { theme } = root.dataset;
  return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

const chosen = wanted();
if (chosen === 'dark' || chosen === 'light') root.dataset.theme = chosen;

document.addEventListener('DOMContentLoaded', () => {
  const button = document.querySelector<HTMLButtonElement>('#theme');
  if (!button) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem(key, root.dataset.theme);
    } catch {
      // then the choice applies to this page only
    }
  });
});
