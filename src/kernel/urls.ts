/**
 * Text with the credentials of URLs in it hidden, for showing and for logs. Over HTTP a user name is often a token
 * itself, so both parts go; elsewhere, as in `ssh://git@host`, only a password does.
 */
export function hideCredentials(text: string): string {
  // up to the last "@": a password that was not escaped may hold one itself
  return text.replace(/\b([a-z][a-z0-9+.-]*):\/\/([^\s/]*)@/gi, (_, scheme: string, login: string) => {
    const colon = login.indexOf(':');
    if (/^https?$/i.test(scheme)) return `${scheme}://***@`;
    return `${scheme}://${colon < 0 ? login : `${login.slice(0, colon)}:***`}@`;
  });
}

/** The server that a repository is fetched from, with its port where one is named; empty for a path. */
export function hostOf(url: string): string {
  const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/]+)/i.exec(url)?.[1] ?? /^(?:[^/@]*@)?([^/:]+):/.exec(url)?.[1];
  return host?.toLowerCase() ?? '';
}
