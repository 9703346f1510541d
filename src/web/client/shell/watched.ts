/**
 * Tells by a notification of the desktop when a watched build ends. The watched builds are stored in the browser, so that it works
 * in the background and on every page of Volt; one open tab alone follows the changes.
 */
const stored = 'volt-watched-builds';
/** More builds than this are not watched at once; the oldest ones are dropped. */
const most = 20;

function watched(): string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(stored) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id) => /^\d{1,15}$/.test(String(id))).map(String) : [];
  } catch {
    // storage is forbidden, or has something else
    return [];
  }
}

function isWatched(build: string): boolean {
  return watched().includes(build);
}

function setWatched(build: string, on: boolean): void {
  const others = watched().filter((id) => id !== build);
  try {
    localStorage.setItem(stored, JSON.stringify(on ? [build, ...others].slice(0, most) : others));
  } catch {
    // then nothing is watched
  }
}

/** Why this browser cannot notify; undefined if it can. */
function obstacle(): string | undefined {
  if (!window.isSecureContext) return 'Notifications need https, or an address of this machine.';
  if (!('Notification' in window) || !navigator.locks) return 'This browser has no notifications.';
  return Notification.permission === 'denied' ? 'This browser forbids notifications of this page.' : undefined;
}

/** Makes the button of a running build work, and tells when builds end that were watched before. */
export function notifyOfBuilds(): void {
  showButton();
  document.addEventListener('volt:updated', showButton);
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('#notify') : null;
    if (button) void toggle(button.dataset.of ?? '');
  });
  follow();
}

/** The button is hidden without a script, and says why where there are no notifications. */
function showButton(): void {
  const button = document.querySelector<HTMLButtonElement>('#notify');
  if (!button) return;
  const why = obstacle();
  const on = isWatched(button.dataset.of ?? '');
  button.hidden = false;
  button.disabled = why !== undefined;
  button.title = why ?? 'A notification of the desktop when this build ends';
  button.textContent = on ? 'Will notify you' : 'Notify me';
  button.setAttribute('aria-pressed', String(on));
}

async function toggle(build: string): Promise<void> {
  const on = !isWatched(build);
  // browsers ask the person, which they allow on a click alone
  if (on && (await Notification.requestPermission()) !== 'granted') return showButton();
  setWatched(build, on);
  showButton();
  follow();
}

let following = false;

/** Follows the changes while something is watched, unless another tab does. */
function follow(): void {
  if (following || watched().length === 0 || obstacle() !== undefined || Notification.permission !== 'granted') return;
  following = true;
  void navigator.locks.request(stored, async () => {
    await Promise.all(watched().map(tell));
    if (watched().length > 0) await changes();
    following = false;
  });
}

/** Resolves when nothing is watched any more. */
function changes(): Promise<void> {
  return new Promise((resolve) => {
    const events = new EventSource('/api/v1/events');
    events.onmessage = async ({ data }) => {
      const { build } = JSON.parse(data) as { build: string };
      if (isWatched(build)) await tell(build);
      if (watched().length > 0) return;
      events.close();
      resolve();
    };
    // what has ended before the stream, or while it was away
    events.onopen = () => void Promise.all(watched().map(tell));
  });
}

/** Notifies if the build has ended, with the words of its page. */
async function tell(build: string): Promise<void> {
  const answer = await fetch(`/builds/${build}`, { headers: { accept: 'text/html' } }).catch(() => undefined);
  if (answer?.status === 404) setWatched(build, false);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (!page.querySelector('[data-final]') || !isWatched(build)) return;
  setWatched(build, false);
  const body = page.querySelector('.verdict')?.textContent?.trim() ?? '';
  const icon = page.querySelector<HTMLLinkElement>('link[rel="icon"]')?.getAttribute('href') ?? '';
  const notice = new Notification(page.title.replace(/ · Volt$/, ''), { body, icon, tag: `${stored}-${build}` });
  notice.onclick = () => {
    window.focus();
    if (location.pathname !== `/builds/${build}`) location.assign(`/builds/${build}`);
    notice.close();
  };
  showButton();
}
