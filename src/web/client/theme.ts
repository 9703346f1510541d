/**
 * The switch between light and dark, kept in this browser. Runs before the page is drawn, so that it never shows in the
 * other one first. Without it, or without a choice, the page is as the reader's system is.
 */
const key = 'volt-theme';
const root = document.documentElement;

function wanted(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // storage may be forbidden
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
      // the choice holds for this page alone then
    }
  });
});
